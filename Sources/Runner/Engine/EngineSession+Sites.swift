import JobProtocol
import Posix
import Redis
import Runs
import Signing
import Sites
import Workflow

/// What sites need to know about a run.
extension EngineSession {
  func places(_ plan: RunPlan) -> PoolPlaces {
    let remote = settings.sites.filter { $0.infrastructure != .local && !$0.runsJobs }
    let routing = loaded.routing
    let local = settings.sites.first { $0.infrastructure == .local }
    let accesses = remote.map { site in
      var access = access(for: site, routing.queue(of: site.name))
      access.pods = workerPods(plan, site)
      return access
    }
    return PoolPlaces(
      routing: routing, hasLocalWorker: settings.sites.isEmpty || local != nil,
      localQueue: local.flatMap { routing.queue(of: $0.name) },
      capacities: capacities(local: settings.sites.isEmpty || local != nil, routing),
      siteQueues: remote.map { routing.queue(of: $0.name) },
      siteNames: remote.map(\.name),
      makeSites: { deliver in
        zip(remote, accesses).compactMap { SiteFactory.make($0, $1, deliver: deliver) }
      })
  }

  /// Unknown if workers of others may join.
  private func capacities(
    local hasLocal: Bool, _ routing: Routing
  ) -> [String?: WorkerCapacity] {
    guard server.hasPrivateRedis else { return [:] }
    let localCapacity = WorkerCapacity(
      slots: settings.slots, memory: settings.memory ?? Environment.physicalMemory)
    var found: [String?: WorkerCapacity] = [:]
    func add(_ capacity: WorkerCapacity, _ queue: String?) {
      found[queue] = found[queue].map { $0 | capacity } ?? capacity
    }
    if settings.sites.isEmpty, hasLocal { add(localCapacity, nil) }
    for site in settings.sites where !site.runsJobs {
      let isLocal = site.infrastructure == .local
      let capacity = WorkerCapacity(slots: site.mostSlots, memory: site.memory)
      add(isLocal ? localCapacity : capacity, routing.queue(of: site.name))
    }
    return found
  }

  var slurmJobSites: [SiteSettings] { settings.jobSites.filter { $0.infrastructure == .slurm } }

  /// Each job of these sites is a job of Slurm.
  func slurmInvokers(
    _ lease: LeasedRedis, _ key: SigningKey?, _ deliver: @escaping @Sendable (InvokerNews) -> Void
  ) -> [any JobInvoker] {
    slurmJobSites.map { site in
      SlurmInvoker(
        site, access(for: site, nil), stages: loaded.workflow.processes.map(\.name),
        signingKey: key, lease: lease, log: log, deliver: deliver)
    }
  }

  /// The index of the first invoker whose site runs each job itself. The one before is that of
  /// workers, which a run on Kubernetes alone does not have.
  var firstJobSite: Int { settings.invoker == .kubernetes ? 0 : 1 }

  /// The index of the invoker of each process; see `InvokerTable`.
  var invokerRoutes: [Int] {
    let sites = settings.jobSites
    let first = firstJobSite
    guard !sites.isEmpty, first + sites.count > 1 else { return [] }
    return zip(workflow.processes, loaded.routing.queues).map { process, queue in
      settings.jobSite(of: process, queue).map { first + $0 } ?? 0
    }
  }

  private func access(for site: SiteSettings, _ queue: String?) -> WorkerAccess {
    let url = server.url
    let link = directory.socketLink
    let files = Files.join(directory.siteFiles, site.name)
    try? Files.makeDirectory(directory.siteFiles, mode: 0o700)
    try? Files.makeDirectory(files, mode: 0o700)
    return WorkerAccess(
      run: settings.run, queue: queue,
      redisPlace: {
        switch url.endpoint {
        // The socket of the run's own Redis may move; then the link leads to it.
        case .unix(let path): url.identity == nil ? path : Files.linkTarget(link) ?? path
        case .tcp(let host, let port): "\(host):\(port)"
        case .sentinel: nil
        }
      },
      socketURL: { path in url.behindSocket(at: path).text },
      networkURL: networkURL, signingKey: signingText, directory: workDirectory.path,
      filesDirectory: files, executor: ExecutorPath.found)
  }

  /// Where workers on other hosts reach Redis.
  private var networkURL: String? { networkPlace?.text }

  var networkPlace: RedisURL? {
    let url = server.hasPrivateRedis ? server.executorURL : server.url
    if case .unix = url.endpoint { return nil }
    return server.hasPrivateRedis && settings.redisListen == nil ? nil : url
  }

  /// The secret itself, for workers on other hosts.
  var signingText: String? {
    guard let file = settings.signingKeyFile else {
      return Environment[SigningKey.variable].flatMap { $0.isEmpty ? nil : $0 }
    }
    return (try? PrivateFile.read(file)).flatMap { String(validating: $0, as: UTF8.self) }
  }
}

extension RedisURL {
  /// The same server behind a forwarded socket; its certificate still has the host's name.
  /// Sentinels name a place that no socket was forwarded to, so nothing changes.
  func behindSocket(at path: String) -> RedisURL {
    var url = self
    switch endpoint {
    case .tcp(let host, _): if url.tls?.name == nil { url.tls?.name = host }
    case .unix: break
    case .sentinel: return self
    }
    url.endpoint = .unix(path: path)
    url.identity = nil
    return url
  }
}

extension RunSettings {
  /// Gives a run whose Redis other hosts can reach a signing key of its own, unless the user has
  /// given one.
  func withOwnKey(in directory: RunDirectory) throws(RunnerError) -> RunSettings {
    try checkKeyForSites()
    guard redisListen != nil, signingKeyFile == nil, Environment[SigningKey.variable] == nil
    else { return self }
    var settings = self
    settings.signingKeyFile = directory.ownSigningKey
    do throws(PosixError) {
      try Files.write(Array("\(Secret.random())\n".utf8), to: directory.ownSigningKey, mode: 0o600)
    } catch {
      throw RunnerError(.infrastructure, "\(error)")
    }
    return settings
  }

  /// Workers at sites get the key in a variable, which cannot hold all bytes.
  private func checkKeyForSites() throws(RunnerError) {
    guard sites.contains(where: { $0.infrastructure != .local }), let file = signingKeyFile,
      let bytes = try? PrivateFile.read(file)
    else { return }
    guard bytes.contains(0) || String(validating: bytes, as: UTF8.self) == nil else { return }
    throw RunnerError(
      .infrastructure,
      "\(file): the signing key must be text for workers at sites; make one with: head -c 32 "
        + "/dev/urandom | base64")
  }
}
