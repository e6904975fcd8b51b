import JobProtocol
import Posix
import Redis
import Runs
import Signing
import Sites
import Workflow

/// What sites need to know about a run.
extension EngineSession {
  var places: PoolPlaces {
    let remote = settings.sites.filter { $0.infrastructure != .local && $0.mode == .workers }
    let routing = loaded.routing
    let local = settings.sites.first { $0.infrastructure == .local }
    let accesses = remote.map { access(for: $0, routing.queue(of: $0.name)) }
    return PoolPlaces(
      routing: routing, hasLocalWorker: settings.sites.isEmpty || local != nil,
      localQueue: local.flatMap { routing.queue(of: $0.name) },
      capacity: capacity(local: settings.sites.isEmpty || local != nil, remote),
      siteQueues: remote.map { routing.queue(of: $0.name) },
      siteNames: remote.map(\.name),
      makeSites: { tell in
        zip(remote, accesses).compactMap { SiteFactory.make($0, $1, tell: tell) }
      })
  }

  private var jobSites: [SiteSettings] { settings.sites.filter { $0.mode == .jobs } }

  /// The sites that run each job themselves.
  func jobInvokers(
    _ lease: LeasedRedis, _ key: SigningKey?, _ tell: @escaping @Sendable (InvokerNews) -> Void
  ) -> [any JobInvoker] {
    jobSites.map { site in
      SlurmInvoker(
        site, access(for: site, nil), stages: loaded.workflow.processes.map(\.name),
        signingKey: key, lease: lease, log: log, tell: tell)
    }
  }

  /// The index of the invoker of each process; the workers' is 0.
  ///
  /// | a process | runs |
  /// |---|---|
  /// | is routed to a site that runs jobs itself | there |
  /// | is not routed, and no site has workers | at the first site |
  /// | otherwise | on workers |
  var invokerRoutes: [Int] {
    let sites = jobSites
    guard !sites.isEmpty else { return [] }
    let hasWorkers = sites.count < settings.sites.count
    return loaded.routing.queues.map { queue in
      if let place = sites.firstIndex(where: { $0.name == queue }) { return place + 1 }
      return hasWorkers ? 0 : 1
    }
  }

  /// Unknown if workers of others may join.
  private func capacity(local hasLocal: Bool, _ sites: [SiteSettings]) -> WorkerCapacity {
    guard server.hasPrivateRedis else { return .unknown }
    var all = sites.map { WorkerCapacity(slots: $0.mostSlots, memory: $0.memory) }
    if hasLocal {
      all.append(
        WorkerCapacity(
          slots: settings.slots, memory: settings.memory ?? Environment.physicalMemory))
    }
    guard let first = all.first else { return .unknown }
    return all.dropFirst().reduce(first) { $0 | $1 }
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
        }
      },
      socketURL: { path in
        RedisURL(
          .unix(path: path), user: url.user, password: url.password, database: url.database
        ).text
      },
      networkURL: networkURL, signingKey: signingText, directory: workDirectory.path,
      filesDirectory: files, executor: ExecutorPath.found)
  }

  /// Where workers on other hosts reach Redis.
  private var networkURL: String? {
    let url = server.hasPrivateRedis ? server.executorURL : server.url
    guard case .tcp = url.endpoint else { return nil }
    return server.hasPrivateRedis && settings.redisListen == nil ? nil : url.text
  }

  /// The secret itself, for workers on other hosts.
  private var signingText: String? {
    guard let file = settings.signingKeyFile else {
      return Environment[SigningKey.variable].flatMap { $0.isEmpty ? nil : $0 }
    }
    return (try? PrivateFile.read(file)).flatMap { String(validating: $0, as: UTF8.self) }
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
