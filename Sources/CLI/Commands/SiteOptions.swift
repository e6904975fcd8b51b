import ArgumentParser
import Posix
import Runner
import Sites

/// What a cluster needs to know, for a run and for a check.
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

/// Where the jobs of a run go.
struct SiteOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Run jobs at this site, e.g. ssh:h1,h2*8 or slurm (repeatable)", valueName: "site"))
  var on: [String] = []

  @Option(
    help: ArgumentHelp(
      "Run the tasks of these processes at a site (repeatable)", valueName: "TASKS=SITE"))
  var route: [String] = []

  @OptionGroup var cluster: ClusterOptions

  @Option(
    help: ArgumentHelp("Number of Slurm workers (default: 0:10)", valueName: "MIN:MAX"))
  var workers: String?

  func apply(to settings: inout RunSettings, slots: Int?) throws(Failure) {
    do throws(SiteMistake) {
      settings.routes = try route.map { text throws(SiteMistake) in try Route(text) }
      let directory = Files.parent(of: settings.workflowPath)
      settings.sites = try sites(of: on.isEmpty ? nil : directory)
      if cluster.slurm != nil || workers != nil,
        !settings.sites.contains(where: { $0.infrastructure == .slurm })
      {
        throw SiteMistake("--slurm and --workers are for a site on Slurm; add --on slurm")
      }
    } catch {
      throw Failure(.usage, "\(error)")
    }
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
    } else if needsNetwork, settings.redisURL == nil {
      settings.redisListen = HostAddress.outgoing ?? "127.0.0.1"
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
        if let workers { site.workers = try WorkerRange(workers) }
      }
      sites.append(site)
    }
    return sites
  }
}
