import ArgumentParser
import Glibc
import JobProtocol
import Posix
import Redis
import Runner
import Runs
import Sites
import Workflow

/// `hflow-tui sites`
struct SitesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sites",
    abstract: "List sites, or check that workers could run there",
    discussion: """
      SITE is a name or, as for --on, a name with options. Without SITE, all sites of the files \
      hflow-sites.toml and ~/.config/hflow-tui/sites.toml.

      Example: hflow-tui sites --check ssh:h1,h2
      """)

  @Flag(help: "Find what would keep jobs from running; start a trial worker")
  var check = false

  @Flag(help: "Copy hflow-job-execute to the hosts of ssh sites")
  var install = false

  @Flag(help: "Print an example of hflow-sites.toml")
  var example = false

  @Option(
    name: [.customShort("C"), .customLong("directory")],
    help: "The workflow's directory")
  var directory = "."

  @OptionGroup var cluster: ClusterOptions

  @Argument(help: ArgumentHelp("Sites as for --on", valueName: "site"))
  var sites: [String] = []

  func run() throws {
    if example { return Console.print(SitesFile.example) }
    guard let place = Files.realPath(directory) else {
      throw Failure(.usage, "\(directory): no such directory")
    }
    let table = try SitesFile.table(besideWorkflowIn: place)
    let chosen = try chosen(from: table)
    guard check || install else { return show(chosen, in: place) }
    if chosen.isEmpty {
      let option = install ? "--install" : "--check"
      throw Failure(.usage, "no site is named, as in: hflow-tui sites \(option) ssh:h1,h2")
    }
    signal(SIGPIPE, SIG_IGN)
    var mistakes: [String] = []
    for site in chosen {
      var findings = install ? try Self.installed(site) : []
      if check, !findings.contains(where: \.isMistake) {
        findings += try SiteTrial(site, directory: place, address: cluster.redisListen).findings()
      }
      for finding in findings {
        if finding.isMistake {
          mistakes.append(finding.text)
        } else {
          Console.print(finding.text)
        }
      }
    }
    if !mistakes.isEmpty { throw Failure(.infrastructure, mistakes) }
  }

  private static func installed(_ site: SiteSettings) throws(Failure) -> [SiteFinding] {
    guard let executor = ExecutorPath.found else {
      throw Failure(.infrastructure, "hflow-job-execute is not beside hflow-tui; make install")
    }
    do throws(RunnerError) {
      return try Blocking.wait { () throws(RunnerError) in
        await SiteCheck.install(site, executor: executor)
      }
    } catch {
      throw Failure(error)
    }
  }

  private func chosen(from table: SiteTable) throws(Failure) -> [SiteSettings] {
    do throws(SiteMistake) {
      var chosen: [SiteSettings] = []
      let named = table.sites.values.filter { $0.name != $0.infrastructure.rawValue }
      chosen =
        sites.isEmpty
        ? named.sorted { $0.name < $1.name }
        : try sites.map { text throws(SiteMistake) in try table.site(text) }
      if let slurm = cluster.slurm {
        for place in chosen.indices where chosen[place].infrastructure == .slurm {
          try chosen[place].add(options: slurm)
        }
      }
      return chosen
    } catch {
      throw Failure(.usage, "\(error)")
    }
  }

  private func show(_ chosen: [SiteSettings], in place: String) {
    for site in chosen { Console.print(site.line) }
    guard chosen.isEmpty else { return }
    let files = SitesFile.paths(besideWorkflowIn: place)
    Console.print(
      files.isEmpty
        ? "no sites file; local, ssh:HOSTS, slurm and kubernetes exist without one; to make one: "
          + "hflow-tui sites --example > hflow-sites.toml"
        : "no sites in \(files.joined(separator: ", "))")
  }
}

extension SiteSettings {
  /// The site in one line.
  var line: String {
    var words = ["\(name): \(infrastructure.rawValue)"]
    if !hosts.isEmpty { words.append(hosts.map(\.text).joined(separator: ", ")) }
    if let namespace = kubernetes.namespace { words.append("namespace \(namespace)") }
    if let image = kubernetes.image { words.append("image \(image)") }
    if isStaged { words.append("files are copied") }
    if infrastructure == .slurm, mode == .jobs {
      words.append("each job is a job of slurm")
    } else if infrastructure.needsNetwork, mode == .workers {
      words.append("workers \(workers.text)")
    }
    if let slots {
      let areJobs = infrastructure == .kubernetes && runsJobs
      words.append(areJobs ? "\(slots) Jobs" : "\(slots) slots each")
    }
    if !options.isEmpty { words.append("sbatch " + options.joined(separator: " ")) }
    if let executor { words.append(executor) }
    return words.joined(separator: "; ")
  }
}

/// A Redis that only the check of a site uses.
struct SiteTrial {
  private let site: SiteSettings
  private let directory: String
  private let address: String?

  init(_ site: SiteSettings, directory: String, address: String?) {
    self.site = site
    self.directory = directory
    self.address = address
  }

  func findings() throws(Failure) -> [SiteFinding] {
    do {
      let sockets = try Files.makeTemporaryDirectory(prefix: "hflow-check-")
      // Other hosts must see it, so it is in the workflow's directory.
      let files = try Files.makeTemporaryDirectory(prefix: ".hflow-check-", in: directory)
      defer {
        Files.removeTree(sockets)
        Files.removeTree(files)
      }
      var options = PrivateRedis.Options(
        dataDirectory: Files.join(sockets, "data"), socketDirectory: sockets,
        logFile: Files.join(sockets, "log"), loopback: site.infrastructure.needsNetwork)
      options.address = address ?? HostAddress.outgoing
      let server = try PrivateRedis.start(options: options)
      defer { server.stop() }
      let (site, access) = (site, access(server, files))
      return try Blocking.wait { () throws(RunnerError) in await SiteCheck.run(site, access) }
    } catch let error as RunnerError {
      throw Failure(error)
    } catch {
      throw Failure(.infrastructure, "\(error)")
    }
  }

  private func access(_ server: PrivateRedis, _ files: String) -> WorkerAccess {
    let url = server.url
    var access = WorkerAccess(
      run: RunID(randomBits: .random(in: .min ... .max)), queue: nil,
      redisPlace: { if case .unix(let path) = url.endpoint { path } else { "" } },
      socketURL: { RedisURL(.unix(path: $0), password: url.password).text },
      networkURL: server.loopbackURL?.text, signingKey: nil, directory: directory,
      filesDirectory: files, executor: ExecutorPath.found)
    access.images = images
    return access
  }

  /// The images that the jobs of the directory's workflow ask for; none without a workflow.
  private var images: [String] {
    let path = Files.join(directory, "workflow.json")
    guard Files.exists(path),
      let checked = try? WorkflowFile.findings(
        path, text: nil, variables: [:], invokerIsChosen: true)
    else { return [] }
    let variable = Environment["HF_VAR_WORKER_CONTAINER"]
    var images: [String] = []
    for process in checked.workflow?.processes ?? [] {
      guard let image = process.image(variable: variable), !images.contains(image) else { continue }
      images.append(image)
    }
    return images
  }
}
