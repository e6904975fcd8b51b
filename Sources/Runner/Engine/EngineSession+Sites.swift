import JobProtocol
import Posix
import Redis
import Runs
import Signing
import Sites

/// What sites need to know about a run.
extension EngineSession {
  var places: PoolPlaces {
    let remote = settings.sites.filter { $0.infrastructure.bringsWorkers }
    let routing = loaded.routing
    let local = settings.sites.first { $0.infrastructure == .local }
    let accesses = remote.map { access(for: $0, routing.queue(of: $0.name)) }
    return PoolPlaces(
      routing: routing, hasLocalWorker: settings.sites.isEmpty || local != nil,
      localQueue: local.flatMap { routing.queue(of: $0.name) },
      siteQueues: remote.map { routing.queue(of: $0.name) },
      makeSites: { tell in
        zip(remote, accesses).compactMap { SiteFactory.make($0, $1, tell: tell) }
      })
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
  private var networkURL: String? { networkPlace?.text }

  var networkPlace: RedisURL? {
    let url = server.hasPrivateRedis ? server.executorURL : server.url
    guard case .tcp = url.endpoint else { return nil }
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
