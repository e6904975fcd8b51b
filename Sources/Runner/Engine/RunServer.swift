import Glibc
import JobProtocol
import Logging
import Posix
import Redis
import Synchronization

/// The Redis of a run: one of its own, or one that was given.
///
/// One of its own that dies is started again on its append-only file, at the same addresses, so
/// that everybody who is connected finds it again.
final class RunServer: Sendable {
  /// Where the engine and watchers connect.
  let url: RedisURL
  /// Where one-shot executors connect.
  let executorURL: RedisURL
  /// What functions in JavaScript get: never the password of the run itself.
  let functionURL: RedisURL
  /// Why functions cannot log in, where they cannot.
  let functionNotice: String?
  private let own: Own?

  var isEmbedded: Bool { own != nil }
  /// It was there before us.
  var isAdopted: Bool { own?.isAdopted ?? true }

  /// A server that belongs to the run.
  private struct Own: Sendable {
    let run: RunID
    let options: EmbeddedRedis.Options
    let state: SharedState
    let sync: DiskSync
    let isAdopted: Bool

    init(run: RunID, options: EmbeddedRedis.Options, server: EmbeddedRedis, isAdopted: Bool) {
      self.run = run
      self.options = options
      self.isAdopted = isAdopted
      state = SharedState(server)
      sync = DiskSync(dataDirectory: options.dataDirectory)
    }
  }

  private final class SharedState: Sendable {
    struct Value {
      var server: EmbeddedRedis
      var restarts = 0
      var restartedAt = 0
      var isStopping = false
    }

    let value: Mutex<Value>

    init(_ server: EmbeddedRedis) { value = Mutex(Value(server: server)) }
  }

  /// A server that dies so often has a reason that does not go away, such as a full disk.
  private static let restartLimit = 5
  /// What lies so far apart has nothing to do with each other.
  private static let restartMemoryMilliseconds = 60_000

  /// Each waits for the lock of the data.
  private static let reopenAttempts = 3

  private init(
    url: RedisURL, executorURL: RedisURL, functionURL: RedisURL? = nil,
    functionNotice: String? = nil, own: Own? = nil
  ) {
    self.url = url
    self.executorURL = executorURL
    self.functionURL = functionURL ?? executorURL
    self.functionNotice = functionNotice
    self.own = own
  }

  static func start(
    settings: RunSettings, directory: RunDirectory, needsLoopback: Bool
  ) throws(RunnerError) -> RunServer {
    if let given = try given(settings) { return given }
    let socketDirectory = try RunDirectory.makeSocketDirectory()
    let options = options(directory, socketDirectory, needsLoopback)
    try RunBirth.announce(in: directory, socketPath: options.socketPath)
    do throws(RedisError) {
      return try start(options, settings.run)
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
      let url = try RedisURL(parsing: description.redis)
      let loopback = try description.loopback.map { text throws(RedisError) in
        try RedisURL(parsing: text)
      }
      let hasLoopback = loopback != nil && !description.isRevived
      var attempt = 1
      while true {
        do throws(RedisError) {
          if (try? RedisConnection(url, timeoutMilliseconds: 2000)) != nil {
            if hasLoopback || !needsLoopback {
              return try adopt(url, loopback, settings, directory)
            }
            try EmbeddedRedis.shutDown(url)
          }
          return try restart(url, loopback, settings, directory, needsLoopback)
        } catch {
          // A server that does not answer yet, or has just ended: the engine before may have been
          // killed while it brought it back.
          guard error.code == .connect, attempt < reopenAttempts else { throw error }
          attempt += 1
          if case .unix(let path) = url.endpoint {
            EmbeddedRedis.endUnreachable(socketPath: path)
          }
        }
      }
    } catch {
      throw RunnerError(.infrastructure, "\(error)")
    }
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
    _ directory: RunDirectory, _ socketDirectory: String, _ needsLoopback: Bool
  ) -> EmbeddedRedis.Options {
    EmbeddedRedis.Options(
      dataDirectory: directory.redisData, socketDirectory: socketDirectory,
      logFile: directory.redisLog, loopback: needsLoopback)
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
    var options = options(directory, Self.socketDirectory(url) ?? "", former != nil)
    options.formerLoopbackURL = former
    let own = Own(
      run: settings.run, options: options, server: server, isAdopted: true)
    if let loopback { try ExecutorAccess.grant(loopback, run: settings.run, on: url) }
    return RunServer(url: url, executorURL: loopback ?? url, own: own)
  }

  private static func restart(
    _ url: RedisURL, _ loopback: RedisURL?, _ settings: RunSettings, _ directory: RunDirectory,
    _ needsLoopback: Bool
  ) throws(RedisError) -> RunServer {
    guard Files.isDirectory(directory.redisData) else {
      throw RedisError(
        .io, "\(directory.redisData) is gone, and with it what the run did",
        advice: "start the workflow again with hflow-tui run")
    }
    var options = options(directory, try place(of: url), needsLoopback)
    // Executors that were started with the old address find the new server there.
    if var former = loopback, needsLoopback, let password = url.password {
      former.user = nil
      former.password = password
      options.formerLoopbackURL = former
    }
    return try start(options, settings.run, executors: loopback)
  }

  /// The former socket's directory, made again where it is gone and can be; else a new one.
  private static func place(of url: RedisURL) throws(RedisError) -> String {
    // Where that is comes from a file.
    if let former = socketDirectory(url),
      Files.name(of: former).hasPrefix(RunDirectory.socketPrefix)
    {
      if Files.isDirectory(former) { return former }
      if (try? Files.makeDirectory(former, mode: 0o700)) != nil { return former }
    }
    do throws(RunnerError) {
      return try RunDirectory.makeSocketDirectory()
    } catch {
      throw RedisError(.io, "\(error)")
    }
  }

  private static func socketDirectory(_ url: RedisURL) -> String? {
    if case .unix(let path) = url.endpoint { Files.parent(of: path) } else { nil }
  }

  /// `executors` is the address that executors of another make knew before.
  private static func start(
    _ options: EmbeddedRedis.Options, _ run: RunID, executors: RedisURL? = nil
  ) throws(RedisError) -> RunServer {
    let server = try EmbeddedRedis.start(options: options)
    var options = options
    options.formerLoopbackURL = server.loopbackURL
    let own = Own(run: run, options: options, server: server, isAdopted: false)
    guard let loopback = server.loopbackURL else {
      return RunServer(url: server.url, executorURL: server.url, own: own)
    }
    do throws(RedisError) {
      let isSamePlace = executors?.endpoint == loopback.endpoint
      let access = (isSamePlace ? executors : nil) ?? ExecutorAccess.url(at: loopback)
      try ExecutorAccess.grant(access, run: run, on: server.url)
      return RunServer(url: server.url, executorURL: access, own: own)
    } catch {
      server.stop()
      throw error
    }
  }

  /// Watches over the run's own server.
  func watch(by host: HostLoop) {
    if let child = own?.state.value.withLock({ $0.server.child }) { host.watch(child) }
  }

  /// Where executors of another make connect, for `run.json`.
  var loopback: String? { own == nil || executorURL == url ? nil : executorURL.text }

  /// Starts the server again if it is the one that ended. False for a stranger. Throws when it
  /// cannot be brought back.
  func revive(_ child: Child, _ status: ExitStatus, log: Logger) throws(RunnerError) -> Bool {
    guard let own else { return false }
    let (isOurs, isStopping, restarts) = own.state.value.withLock { value in
      let isOurs = value.server.child == child
      if isOurs {
        let now = Clock.monotonicMilliseconds
        let isLongAgo = now - value.restartedAt > Self.restartMemoryMilliseconds
        value.restarts = isLongAgo ? 1 : value.restarts + 1
        value.restartedAt = now
      }
      return (isOurs, value.isStopping, value.restarts)
    }
    guard isOurs else { return false }
    if isStopping { return true }
    log.error("the run's Redis \(status.text); starting it again (\(restarts))")
    guard restarts <= Self.restartLimit else {
      throw RunnerError(
        .infrastructure, "the run's Redis ended \(restarts) times; see \(own.options.logFile)")
    }
    do throws(RedisError) {
      let server = try EmbeddedRedis.start(options: own.options)
      own.state.value.withLock { $0.server = server }
      if server.loopbackURL != nil {
        try ExecutorAccess.grant(executorURL, run: own.run, on: server.url)
      }
    } catch {
      throw RunnerError(.infrastructure, "the run's Redis cannot be started again: \(error)")
    }
    return true
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
    RunReviver.unlessLookedAt(directory, url, engine: engine) {
      server.stop()
      RunTraces.removeSocket(at: url)
    }
  }
}
