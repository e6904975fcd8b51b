import JSONValue
import JobProtocol
import Sites
import Workflow

/// Which tasks a site runs as jobs of its own, and which go to pools of workers.
extension RunSettings {
  /// The sites that run each job itself: those of Slurm before those of Kubernetes.
  var jobSites: [SiteSettings] {
    let all = sites.filter(\.runsJobs)
    return all.filter { $0.infrastructure == .slurm }
      + all.filter { $0.infrastructure == .kubernetes }
  }

  /// The functions that make Jobs in HyperFlow.
  private static let clusterFunctions: Set = ["k8sCommand", "amqpCommand"]

  /// The index in `jobSites` of the site that runs the jobs of a process; `nil`: workers do.
  ///
  /// | a process | runs |
  /// |---|---|
  /// | is routed to a site that runs each job itself | there |
  /// | is a `k8sCommand` or `amqpCommand` without a route | at the first one on Kubernetes |
  /// | is another one without a route | on workers; without workers, at the first such site |
  ///
  /// Workers of pools are only for their own tasks, which are routed to them.
  func jobSite(of process: Workflow.Process, _ queue: String?) -> Int? {
    let sites = jobSites
    if let queue { return sites.firstIndex { $0.name == queue } }
    let cluster = sites.firstIndex { $0.infrastructure == .kubernetes }
    if let cluster, Self.clusterFunctions.contains(process.function ?? "") { return cluster }
    let hasWorkers = self.sites.contains { !$0.runsJobs && $0.pool == nil }
    return hasWorkers || sites.isEmpty ? nil : 0
  }

  /// Adds a site for each pool, and routes its tasks there. Tasks of one name that ask for
  /// different images or partitions have different pools, because each worker has one image.
  mutating func addSites(
    of pools: WorkerPools, _ workflow: Workflow, _ functions: FunctionCatalog,
    _ routing: inout Routing
  ) {
    struct Key: Hashable {
      var site: Int
      var process: String
      var image: String
      var partition: String
    }
    let jobSites = jobSites
    var members: [(key: Key, processes: [Int])] = []
    for (index, process) in workflow.processes.enumerated() {
      guard functions.runsAsJob(process),
        pools.hasPool(process: process.name, function: process.function),
        let site = jobSite(of: process, routing.queues[index]),
        jobSites[site].infrastructure == .kubernetes
      else { continue }
      let key = Key(
        site: site, process: process.name,
        image: process.executor?["image"]?.displayText ?? "",
        partition: process.executor?["partition"]?.displayText ?? "")
      if let place = members.firstIndex(where: { $0.key == key }) {
        members[place].processes.append(index)
      } else {
        members.append((key, [index]))
      }
    }
    for (key, processes) in members {
      let cores = processes.map { JobResources(of: workflow.processes[$0]).needs.slots }.max() ?? 1
      let site = pools.site(
        ofPool: key.process, number: processes[0] + 1, beside: jobSites[key.site], cores: cores,
        besides: sites.map(\.name))
      sites.append(site)
      for process in processes { routing.assign(process, to: site.name) }
    }
    // Pools need the invoker of workers.
    if !members.isEmpty, invoker == .kubernetes { invoker = .pool }
  }

  /// What becomes of tasks for HyperFlow's worker pools; `nil` without such tasks.
  var poolNotice: String? {
    var names: [String] = []
    for pool in sites.compactMap(\.pool) where !names.contains(pool.process) {
      names.append(pool.process)
    }
    guard !names.isEmpty else { return nil }
    return "tasks of \(names.joined(separator: ", ")) run on pools of workers in pods, which take "
      + "them from Redis; RabbitMQ is not used"
  }

  /// A pod has one image, so all tasks of a site's workers must ask for the same.
  func checkImages(
    _ workflow: Workflow, _ functions: FunctionCatalog, _ routing: Routing
  ) throws(SiteMistake) {
    for site in sites where site.infrastructure == .kubernetes && !site.runsJobs {
      let queue = routing.queue(of: site.name)
      let routed = zip(workflow.processes, routing.queues).filter { process, name in
        name == queue && jobSite(of: process, name) == nil && functions.runsAsJob(process)
      }
      var first: (process: String, image: String)?
      for (process, _) in routed {
        let own = process.executor?["image"]?.displayText ?? ""
        let image = own.isEmpty ? site.kubernetes.image ?? "" : own
        // Without a queue of its own, the site's workers have the site's image.
        let common =
          first ?? (queue == nil ? (site.name, site.kubernetes.image ?? "") : (process.name, image))
        first = common
        guard image != common.image else { continue }
        throw SiteMistake(
          "site \(site.name): its workers have one image, and \(process.name) asks for "
            + "\(image.isEmpty ? "none" : image), \(common.process) for "
            + "\(common.image.isEmpty ? "none" : common.image); leave out mode = \"workers\", or "
            + "make a site for each image")
      }
    }
  }
}
