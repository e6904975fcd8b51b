import Glibc
import JobProtocol
import Logging
import Posix
import Redis
import Synchronization

/// The Redis of a run: one of its own, or one that was given.
///
/// One of its own that dies is started again on its append-only file, at the same addresses, so
/// that everybody who is connected finds it again, see `RunServer+Upkeep`.
final class RunServer: Sendable {
  /// Where the engine and watchers connect. Of a run's own server it has the identity, and stays
  /// good when the socket moves.
  let url: RedisURL
  /// Where executors of another make and functions in JavaScript connect.
  let executorURL: RedisURL
  /// What functions in JavaScript get: never the password of the run itself.
  let functionURL: RedisURL
  /// Why functions cannot log in, where they cannot.
  let functionNotice: String?
  let own: Own?

  var isEmbedded: Bool { own != nil }
  /// It was there before us.
  var isAdopted: Bool { own?.isAdopted ?? true }

  /// A server that belongs to the run.
  struct Own: Sendable {
    let run: RunID
    let directory: RunDirectory
    let state: SharedState
    let sync: DiskSync
    let isAdopted: Bool

    init(
      run: RunID, directory: RunDirectory, options: EmbeddedRedis.Options, server: EmbeddedRedis,
      isAdopted: Bool
    ) {
      self.run = run
      self.directory = directory
      self.isAdopted = isAdopted
      state = SharedState(server, options)
      sync = DiskSync(dataDirectory: options.dataDirectory)
    }
  }

  final class SharedState: Sendable {
    let value: Mutex<Upkeep>

    init(_ server: EmbeddedRedis, _ options: EmbeddedRedis.Options) {
      value = Mutex(Upkeep(server: server, options: options))
    }
  }

  /// Each waits for the lock of the data.
  private static let reopenAttempts = 3

  /// A given one.
  private init(
    url: RedisURL, executorURL: RedisURL, functionURL: RedisURL? = nil,
    functionNotice: String? = nil
  ) {
    self.url = url
    self.executorURL = executorURL
    self.functionURL = functionURL ?? executorURL
    self.functionNotice = functionNotice
    own = nil
  }

  /// `executorURL` is `nil` where executors connect as we do.
  private init(_ own: Own, executorURL: RedisURL?) {
    var url = own.state.value.withLock { $0.server.url }
    own.directory.link(to: url)
    url.identity?.link = own.directory.socketLink
    self.url = url
    self.executorURL = executorURL ?? url
    functionURL = executorURL ?? url
    functionNotice = nil
    self.own = own
  }

  static func start(
    settings: RunSettings, directory: RunDirectory, needsLoopback: Bool
  ) throws(RunnerError) -> RunServer {
    if let given = try given(settings) { return given }
    let socketDirectory = try RunDirectory.makeSocketDirectory { path throws(RunnerError) in
      let planned = Self.options(directory, path, needsLoopback, token: nil)
      try RunCreation.announce(in: directory, socketPath: planned.socketPath)
    }
    let options = Self.options(directory, socketDirectory, needsLoopback, token: nil)
    do throws(RedisError) {
      return try start(options, settings.run, directory)
    } catch {
      Files.removeTree(socketDirectory)
      throw RunnerError(.infrastructure, "\(error)")
    }
  }

  /// The Redis of a run that exists: the one that still runs, else one on its data, at its former
  /// address where that is possible.
  static func reopen(
    settings: RunSettings, directory: RunDirectory, needsLoopback: Bool
  ) throws(RunnerError) -> RunServer {
    if let given = try given(settings) { return given }
    guard let description = RunDescription.read(in: directory) else {
      throw RunnerError(
        .infrastructure, "\(directory.description) cannot be read; is it a run's directory?")
    }
    do throws(RedisError) {
      let loopback = try description.loopback.map { text throws(RedisError) in
        try RedisURL(parsing: text)
      }
      let hasLoopback = loopback != nil && !description.isRevived
      var attempt = 1
      while true {
        do throws(RedisError) {
          switch try OwnServerSearch.run(in: directory) {
          case .answers(let url):
            if hasLoopback || !needsLoopback {
              return try adopt(url, loopback, settings, directory)
            }
            try shutDown(url, settings.run)
          case .unreachable(let engine):
            throw OwnServerSearch.unreachable(try description.server(in: directory), engine: engine)
          case .none:
            if let engine = description.livingEngine { throw hasEngine(settings.run, engine) }
          }
          return try restart(description, loopback, settings, directory, needsLoopback)
        } catch {
          // A server that does not answer yet, or has just ended: the engine before may have been
          // killed while it brought it back.
          guard error.code == .connect, attempt < reopenAttempts else { throw error }
          attempt += 1
          OwnServerSearch.endLostServer(of: directory)
        }
      }
    } catch {
      throw RunnerError(.infrastructure, "\(error)")
    }
  }

  /// The server of lookers, who need no port, is started again with one; not while an engine
  /// works with it.
  private static func shutDown(_ url: RedisURL, _ run: RunID) throws(RedisError) {
    let lease = try RedisConnection(url).call(RedisCommand("GET", RunKeys(run).lease)).string
    guard !RunLease.holds(lease) else { throw hasEngine(run, nil) }
    try EmbeddedRedis.shutDown(url)
  }

  private static func hasEngine(_ run: RunID, _ engine: Int?) -> RedisError {
    let who = engine.map { " (process \($0)), which does not bring its Redis back" } ?? ""
    return RedisError(
      .io, "run \(run.short) has an engine already\(who)",
      advice: "watch it instead: hflow-tui watch \(run.short)")
  }

  /// The Redis that the user gave.
  private static func given(_ settings: RunSettings) throws(RunnerError) -> RunServer? {
    do throws(RedisError) {
      guard let text = settings.redisURL else { return nil }
      let url = try RedisURL(parsing: text)
      return RunServer(url: url, executorURL: url)
    } catch {
      throw RunnerError(.infrastructure, "\(error)")
    }
  }

  /// The same server, and a Redis user for those who must not have its password: executors of
  /// another make would put it into the list of processes, and functions in JavaScript are the
  /// workflow's own programs.
  ///
  /// Where no user can be made, such executors are refused; functions get the URL without user and
  /// password.
  func protectingPassword(
    from settings: RunSettings, runsFunctions: Bool
  ) throws(RunnerError) -> RunServer {
    let isForeign = settings.executorCommand != nil
    guard own == nil, url.password != nil, isForeign || runsFunctions else { return self }
    let access = ExecutorAccess.url(at: url, sharedBy: settings.run)
    do throws(RedisError) {
      try ExecutorAccess.grant(access, run: settings.run, on: url)
    } catch {
      guard isForeign else {
        guard error.code == .server else { throw RunnerError(.infrastructure, "\(error)") }
        return RunServer(
          url: url, executorURL: url, functionURL: url.withoutLogin,
          functionNotice: "functions cannot log in to \(url): a Redis user for them cannot be made "
            + "there (\(error.message)); allow ACL SETUSER if they need Redis")
      }
      throw RunnerError(
        .infrastructure,
        "--executor-command would put the password of \(url) into the list of processes, and a "
          + "user for executors cannot be made there (\(error.message)); allow ACL SETUSER, or "
          + "use the executor of hflow-tui")
    }
    return RunServer(url: url, executorURL: isForeign ? access : url, functionURL: access)
  }

  private static func options(
    _ directory: RunDirectory, _ socketDirectory: String, _ needsLoopback: Bool, token: String?
  ) -> EmbeddedRedis.Options {
    var options = EmbeddedRedis.Options(
      dataDirectory: directory.redisData, socketDirectory: socketDirectory,
      logFile: directory.redisLog, loopback: needsLoopback)
    options.proof = .token(token)
    return options
  }

  /// A server that its engine has left behind.
  private static func adopt(
    _ url: RedisURL, _ loopback: RedisURL?, _ settings: RunSettings, _ directory: RunDirectory
  ) throws(RedisError) -> RunServer {
    let former = loopback.map { executors in
      var administrator = executors
      administrator.user = nil
      administrator.password = url.password
      return administrator
    }
    let server = try EmbeddedRedis.adopt(url, loopbackURL: former)
    var options = options(
      directory, RunDirectory.socketDirectory(of: url) ?? "", former != nil,
      token: server.url.identity?.token)
    options.formerLoopbackURL = former
    let own = Own(
      run: settings.run, directory: directory, options: options, server: server, isAdopted: true)
    if let loopback { try ExecutorAccess.grant(loopback, run: settings.run, on: url) }
    return RunServer(own, executorURL: loopback)
  }

  private static func restart(
    _ description: RunDescription, _ loopback: RedisURL?, _ settings: RunSettings,
    _ directory: RunDirectory, _ needsLoopback: Bool
  ) throws(RedisError) -> RunServer {
    guard Files.isDirectory(directory.redisData) else {
      throw RedisError(
        .io, "\(directory.redisData) is gone, and with it what the run did",
        advice: "start the workflow again with hflow-tui run")
    }
    let url = try description.server(in: directory)
    let place = try socketDirectory(formerly: url)
    var options = options(directory, place, needsLoopback, token: description.token)
    // Executors that were started with the old address find the new server there.
    if var former = loopback, needsLoopback, let password = url.password {
      former.user = nil
      former.password = password
      options.formerLoopbackURL = former
    }
    do throws(RedisError) {
      return try start(options, settings.run, directory, executors: loopback)
    } catch {
      // Another program has taken the port: executors that know it are lost, the run is not.
      guard options.formerLoopbackURL != nil, error.isPortInUse else { throw error }
      options.formerLoopbackURL = nil
      return try start(options, settings.run, directory, executors: loopback)
    }
  }

  /// The former socket's directory, made again where it is gone and can be; else a new one.
  static func socketDirectory(formerly url: RedisURL) throws(RedisError) -> String {
    do throws(RunnerError) {
      return try RunDirectory.makeSocketDirectory(formerly: url)
    } catch {
      throw RedisError(.io, "\(error)")
    }
  }

  /// `executors` is the address that executors of another make knew before.
  private static func start(
    _ options: EmbeddedRedis.Options, _ run: RunID, _ directory: RunDirectory,
    executors: RedisURL? = nil
  ) throws(RedisError) -> RunServer {
    let server = try EmbeddedRedis.start(options: options)
    var options = options
    options.formerLoopbackURL = server.loopbackURL
    options.proof = .token(server.url.identity?.token)
    let own = Own(
      run: run, directory: directory, options: options, server: server, isAdopted: false)
    guard let loopback = server.loopbackURL else { return RunServer(own, executorURL: nil) }
    do throws(RedisError) {
      let isSamePlace = executors?.endpoint == loopback.endpoint
      let access = (isSamePlace ? executors : nil) ?? ExecutorAccess.url(at: loopback)
      try ExecutorAccess.grant(access, run: run, on: server.url)
      return RunServer(own, executorURL: access)
    } catch {
      server.stop()
      throw error
    }
  }

  /// Where the run's own server is now, for `run.json`.
  var place: RedisURL { own?.state.value.withLock { $0.server.url } ?? url }

  /// Watches over the run's own server.
  func watch(by host: HostLoop) {
    if let child = own?.state.value.withLock({ $0.server.child }) { host.watch(child) }
  }

  /// Where executors of another make connect, for `run.json`.
  var loopback: String? { own == nil || executorURL == url ? nil : executorURL.text }

  /// The command that makes the Redis user of executors and functions on a given Redis, which
  /// forgets its users in a restart; `nil` where they have no user of their own.
  func grantOnGiven(run: RunID) -> RedisCommand? {
    guard own == nil, let user = functionURL.user, user != url.user else { return nil }
    return ExecutorAccess.command(granting: functionURL, run: run)
  }

  /// Lets the server of its own live on, for an engine that takes the run over.
  func leave() { own?.state.value.withLock { $0.isStopping = true } }

  /// Ends the server of its own, everything written; leaves a given one alone, and one at which
  /// somebody looks to who does. `engine` is who ends, if it has told that the run is its own.
  func stop(_ directory: RunDirectory, engine: Int?) {
    guard let own else { return ExecutorAccess.withdraw(functionURL, on: url) }
    let server = own.state.value.withLock { value in
      value.isStopping = true
      return value.server
    }
    ViewerServer.unlessLookedAt(directory, server.url, engine: engine) {
      server.stop()
      RunTraces.removeSocket(at: server.url)
    }
  }
}
