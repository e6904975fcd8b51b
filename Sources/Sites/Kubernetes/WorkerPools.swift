public import JSONValue

/// The pool whose tasks the workers of a site run.
public struct SitePool: Sendable, Equatable {
  /// The name of their processes.
  public var process: String
  /// How many of them run at a time on each worker.
  public var tasks: Int
}

/// `workflow.config.executionModels.json`: the tasks that HyperFlow sends to worker pools.
///
/// | a task whose process | here |
/// |---|---|
/// | is named there, or has the function `amqpCommand` | goes to the workers of its pool |
/// | is not | is a Job, or part of one |
///
/// HyperFlow's pools take their tasks from RabbitMQ; these take them from the run's Redis. A pool
/// is a site on Kubernetes with the settings of the run's own one, and a queue. An entry may say
/// `"workers": "1:20"`, otherwise the site's number counts, and `"slots": 4` for tasks at a time
/// on each worker, otherwise 1.
public struct WorkerPools: Sendable, Equatable {
  struct Entry: Sendable, Equatable {
    var workers: WorkerRange?
    var slots: Int?
  }

  public static let file = "workflow.config.executionModels.json"
  private var entries: [String: Entry] = [:]

  public init(_ configuration: JSON?) throws(SiteMistake) {
    guard let configuration else { return }
    guard let list = configuration.array else {
      throw SiteMistake("\(Self.file): must be a list of {name}")
    }
    for (index, item) in list.enumerated() {
      guard let name = item["name"]?.string, !name.isEmpty else {
        throw SiteMistake("\(Self.file): [\(index)]: needs name, the name of processes")
      }
      var entry = Entry()
      do throws(SiteMistake) {
        if let workers = item["workers"] { entry.workers = try WorkerRange(workers.displayText) }
      } catch {
        throw SiteMistake("\(Self.file): [\(index)]: workers: \(error)")
      }
      if let slots = item["slots"] {
        guard let number = slots.int, SiteSettings.slotRange.contains(number) else {
          throw SiteMistake(
            "\(Self.file): [\(index)]: slots must be a number from 1 to "
              + "\(SiteSettings.slotRange.upperBound)")
        }
        entry.slots = number
      }
      entries[name] = entries[name] ?? entry
    }
  }

  public func hasPool(process: String, function: String?) -> Bool {
    entries[process] != nil || function == "amqpCommand"
  }

  /// The site of a pool.
  ///
  /// - Parameters:
  ///   - number: Of the first process of the pool; makes the name unique if that is not.
  ///   - site: The one on which its tasks would otherwise be Jobs.
  ///   - cores: The slots that one of its tasks occupies.
  ///   - names: The names of other sites.
  public func site(
    ofPool process: String, number: Int, beside site: SiteSettings, cores: Int,
    besides names: [String]
  ) -> SiteSettings {
    let entry = entries[process] ?? Entry()
    var pool = site
    let wanted = Self.name(process, site: site.name)
    pool.name = names.contains(wanted) ? "\(wanted)-\(number)" : wanted
    pool.mode = .workers
    pool.workers = entry.workers ?? site.workers
    pool.pool = SitePool(process: process, tasks: entry.slots ?? 1)
    pool.slots = (entry.slots ?? 1) * max(1, cores)
    return pool
  }

  private static func name(_ process: String, site: String) -> String {
    let text = process.filter { $0.isASCII && ($0.isLetter || $0.isNumber || "-_".contains($0)) }
    return "\(site)-\(text)".prefix(36).description
  }
}

/// The data from which the pods of workers are created.
public struct WorkerPods: Sendable {
  public var run: KubernetesRun
  /// A task of the pool: its image and its requests are those of the pods.
  public var example: KubernetesTask

  public init(run: KubernetesRun, example: KubernetesTask) {
    self.run = run
    self.example = example
  }
}

/// A worker that is to run in a pod.
public struct KubernetesWorker: Sendable, Equatable {
  /// Distinguishes the worker from the site's others: letters and digits.
  let token: String
  let site: String
  let example: KubernetesTask
  /// The options of the executor, without characters that a shell interprets.
  let options: [String]

  /// - Parameter stays: It does not exit when it has had no job for a while.
  public init(
    _ settings: SiteSettings, run: String, queue: String?, _ example: KubernetesTask, token: String,
    isPermanent: Bool
  ) {
    self.token = token
    self.example = example
    site = settings.name
    options =
      ["--worker", "--pool", run, "--preemptible"]
      + (queue.map { ["--queue", $0] } ?? [])
      + (isPermanent ? [] : ["--idle", "\(settings.idle)"])
      + (settings.memory.map { ["--memory", "\($0)"] } ?? [])
      + ["--name", Self.name(token, site: settings.name), "--slots", "\(settings.slots ?? 1)"]
  }

  var name: String { Self.name(token, site: site) }
  var jobName: String { "\(JobName.clean(site).prefix(JobName.limit - 12))-\(token)" }

  static func name(_ token: String, site: String) -> String { "\(site)-\(token)" }
}
