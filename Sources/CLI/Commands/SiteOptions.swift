import ArgumentParser
import JobProtocol
import Posix
import Runner
import Runs
import Sites

/// Options of clusters, for a run and for a check.
struct ClusterOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Options for sbatch, in quotes", valueName: "options"))
  var slurm: String?

  @Option(
    help: ArgumentHelp(
      "Address at which workers on other hosts reach the run's Redis", valueName: "address"))
  var redisListen: String?
}

/// Which sites run the jobs of a run.
struct SiteOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Run jobs at this site: ssh:h1,h2*8, slurm, kubernetes (repeatable)", valueName: "site"))
  var on: [String] = []

  @Option(
    help: ArgumentHelp(
      "Run the tasks of these processes at a site (repeatable)", valueName: "TASKS=SITE"))
  var route: [String] = []

  @OptionGroup var cluster: ClusterOptions

  @Option(
    help: ArgumentHelp(
      "Number of workers of Slurm or Kubernetes (default: 0:10)", valueName: "MIN:MAX"))
  var workers: String?

  func apply(to settings: inout RunSettings, slots: Int?) throws(Failure) {
    do throws(SiteMistake) {
      settings.routes = try route.map { text throws(SiteMistake) in try Route(text) }
      let directory = Files.parent(of: settings.workflowPath)
      settings.sites = try sites(of: on.isEmpty ? nil : directory)
      if cluster.slurm != nil || workers != nil,
        !settings.sites.contains(where: { $0.infrastructure == .slurm })
      {
        guard cluster.slurm == nil, settings.hasKubernetes else {
          throw SiteMistake("--slurm and --workers are for a site on Slurm; add --on slurm")
        }
      }
    } catch {
      throw Failure(.usage, "\(error)")
    }
    if settings.hasKubernetes { try useKubernetes(in: &settings) }
    if let local = settings.sites.first(where: { $0.infrastructure == .local }) {
      if slots == nil { settings.slots = local.slots ?? settings.slots }
      settings.memory = settings.memory ?? local.memory
      settings.containerTool = settings.containerTool ?? local.container
    }
    for place in settings.sites.indices {
      settings.sites[place].container = settings.sites[place].container ?? settings.containerTool
    }
    let needsNetwork = settings.sites.contains { $0.infrastructure.needsNetwork }
    if let redisListen = cluster.redisListen {
      guard settings.redisURL == nil else {
        throw Failure(.usage, "--redis-listen is for the run's own Redis; leave out --redis")
      }
      settings.redisListen = redisListen
    } else if settings.hasKubernetes, settings.redisURL == nil, !Self.isInCluster {
      throw Failure(
        .usage,
        "--on kubernetes: pods must reach the run's Redis; give --redis URL of one in the cluster, "
          + "or --redis-listen with an address of this host that pods reach")
    } else if needsNetwork, settings.redisURL == nil {
      settings.redisListen = HostAddress.outgoing ?? "127.0.0.1"
    }
  }

  /// Pods reach the addresses of other pods.
  private static var isInCluster: Bool { Environment["KUBERNETES_SERVICE_HOST"] != nil }

  /// Without a site that brings workers, all jobs are Jobs of Kubernetes.
  private func useKubernetes(in settings: inout RunSettings) throws(Failure) {
    settings.invokerIsChosen = true
    for index in settings.sites.indices where settings.sites[index].infrastructure == .kubernetes {
      let site = settings.sites[index].kubernetes
      do throws(RunnerError) {
        settings.sites[index].kubernetes = try Blocking.wait { () throws(RunnerError) in
          var site = site
          await site.settle { Environment[$0] }
          return site
        }
      } catch {
        throw Failure(error)
      }
    }
    if settings.sites.allSatisfy({ $0.infrastructure == .kubernetes && $0.runsJobs }) {
      settings.invoker = .kubernetes
    }
    if let url = settings.redisURL, url.hasPrefix("unix:") || url.hasPrefix("/") {
      throw Failure(.usage, "--on kubernetes: pods cannot reach \(url); give a redis:// URL")
    }
    // In HyperFlow, Kubernetes or the engine repeats failed jobs this often; here, only the engine
    // does.
    if settings.retries == nil,
      let limit = Environment["HF_VAR_BACKOFF_LIMIT"].flatMap({ Int($0) }), limit > 0
    {
      settings.retries = limit
    }
  }

  /// Reads the sites files only if a site is named.
  private func sites(of directory: String?) throws(SiteMistake) -> [SiteSettings] {
    guard let directory else { return [] }
    let table: SiteTable
    do throws(Failure) {
      table = try SitesFile.table(besideWorkflowIn: directory)
    } catch {
      throw SiteMistake(error.lines.joined(separator: "\n"))
    }
    var sites: [SiteSettings] = []
    for text in on {
      var site = try table.site(text)
      guard !sites.contains(where: { $0.name == site.name }) else {
        throw SiteMistake("--on \(text): the site \(site.name) is named twice")
      }
      if site.infrastructure == .slurm {
        if let slurm = cluster.slurm { try site.add(options: slurm) }
      }
      if site.infrastructure.needsNetwork, let workers { site.workers = try WorkerRange(workers) }
      sites.append(site)
    }
    return sites
  }
}
