import Glibc
import JobProtocol
import Logging
import Posix
import Redis
import Runs
import Synchronization

/// The Redis of a run: the run's own, or one that the user gave.
///
/// The run's own server is restarted when it dies, on its append-only file and at the same
/// addresses, so that its clients reconnect, see `RunServer+Upkeep`.
final class RunServer: Sendable {
  /// Where the engine and watchers connect. For the run's own server, the URL includes the server's
  /// identity, and stays valid when the socket moves.
  let url: RedisURL
  /// Where foreign executors and JavaScript functions connect.
  let executorURL: RedisURL
  /// The URL that JavaScript functions get: never with the password of the run itself.
  let functionURL: RedisURL
  /// Why functions cannot log in; `nil` if they can.
  let functionNotice: String?
  let own: PrivateServer?

  var hasPrivateRedis: Bool { own != nil }
  /// Whether the server was running before this engine started.
  var isAdopted: Bool { own?.isAdopted ?? true }

  /// A server that belongs to the run.
  struct PrivateServer: Sendable {
    let run: RunID
    let directory: RunDirectory
    let state: SharedState
    let sync: DiskSync
    let isAdopted: Bool

    init(
      run: RunID, directory: RunDirectory, options: PrivateRedis.Options, server: PrivateRedis,
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

    init(_ server: PrivateRedis, _ options: PrivateRedis.Options) {
      value = Mutex(Upkeep(server: server, options: options))
    }
  }

  /// Each attempt waits for the lock of the data.
  private static let reopenAttempts = 3

  /// A server that the user gave.
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

  /// The run's own server. `executorURL` is `nil` if executors connect as the engine does.
  private init(_ own: PrivateServer, executorURL: RedisURL?) {
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
    if let given = try userServer(settings) { return given }
    let socketDirectory = try RunDirectory.makeSocketDirectory { path throws(RunnerError) in
      let planned = Self.options(directory, path, needsLoopback, token: nil)
      try RunCreation.writeNote(in: directory, socketPath: planned.socketPath)
    }
    var options = Self.options(directory, socketDirectory, needsLoopback, token: nil)
    options.address = settings.redisListen
    do throws(RedisError) {
      return try start(options, settings.run, directory)
    } catch {
      Files.removeTree(socketDirectory)
      throw RunnerError(.infrastructure, "\(error)")
    }
  }

  /// The Redis of an existing run: the server that still runs, else a new one on its data, at its
  /// former address if possible.
  static func reopen(
    settings: RunSettings, directory: RunDirectory, needsLoopback: Bool
  ) throws(RunnerError) -> RunServer {
    if let given = try userServer(settings) { return given }
    guard let description = RunDescription.read(in: directory) else {
      throw RunnerError(
        .infrastructure, "\(directory.description) cannot be read; is it a run's directory?")
    }
    do throws(RedisError) {
      let loopback = try description.loopback.map { text throws(RedisError) in
        try RedisURL(parsing: text)
      }
      let hasLoopback = loopback != nil && !description.isOwnedByViewers
      var attempt = 1
      while true {
        do throws(RedisError) {
          switch try PrivateServerSearch.run(in: directory) {
          case .answers(let url):
            if hasLoopback || !needsLoopback {
              return try adopt(url, loopback, settings, directory)
            }
            try shutDown(url, settings.run)
          case .unreachable(let engine):
            throw PrivateServerSearch.unreachable(
              try description.server(in: directory), engine: engine)
          case .none:
            if let engine = description.livingEngine { throw hasEngine(settings.run, engine) }
          }
          return try restart(description, loopback, settings, directory, needsLoopback)
        } catch {
          guard mayReopen(after: error), attempt < reopenAttempts else { throw error }
          attempt += 1
          PrivateServerSearch.endLostServer(of: directory)
        }
      }
    } catch {
      throw RunnerError(.infrastructure, "\(error)")
    }
  }

  /// Whether another attempt to reopen the server may succeed.
  ///
  /// | error | why |
  /// |---|---|
  /// | no connection, or the data are in use | the former engine was killed while it restarted it |
  /// | a lost connection | a server that is being killed still accepts connections |
  /// | any other | no attempt changes it |
  static func mayReopen(after error: RedisError) -> Bool {
    switch error.code {
    case .connect: true
    case .io, .closed: !error.place.isEmpty
    default: false
    }
  }

  /// Stops a server that viewers started, because it lacks the port that executors need. Throws if
  /// an engine uses it.
  private static func shutDown(_ url: RedisURL, _ run: RunID) throws(RedisError) {
    let lease = try RedisConnection(url).call(RedisCommand("GET", RunKeys(run).lease)).string
    guard !RunLease.holds(lease) else { throw hasEngine(run, nil) }
    try PrivateRedis.shutDown(url)
  }

  private static func hasEngine(_ run: RunID, _ engine: Int?) -> RedisError {
    let engineText = engine.map { " (process \($0)), which has not restarted its Redis" } ?? ""
    return RedisError(
      .io, "run \(run.short) has an engine already\(engineText)",
      advice: "watch it instead: hflow-tui watch \(run.short)")
  }

  /// The Redis that the user gave; `nil` if there is none.
  private static func userServer(_ settings: RunSettings) throws(RunnerError) -> RunServer? {
    do throws(RedisError) {
      guard let text = settings.redisURL else { return nil }
      let url = try RedisURL(parsing: text)
      return RunServer(url: url, executorURL: url)
    } catch {
      throw RunnerError(.infrastructure, "\(error)")
    }
  }

  /// The same server, with a Redis user for programs that must not get its password: foreign
  /// executors would show it in the list of processes, and JavaScript functions are programs of the
  /// workflow.
  ///
  /// If the server permits no further user, foreign executors are refused, and functions get the
  /// URL without user and password.
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
  ) -> PrivateRedis.Options {
    var options = PrivateRedis.Options(
      dataDirectory: directory.redisData, socketDirectory: socketDirectory,
      logFile: directory.redisLog, loopback: needsLoopback)
    options.proof = .token(token)
    return options
  }

  /// Adopts a server that a former engine left running.
  private static func adopt(
    _ url: RedisURL, _ loopback: RedisURL?, _ settings: RunSettings, _ directory: RunDirectory
  ) throws(RedisError) -> RunServer {
    let former = loopback.map { executors in
      var administrator = executors
      administrator.user = nil
      administrator.password = url.password
      return administrator
    }
    let server = try PrivateRedis.adopt(url, loopbackURL: former)
    var options = options(
      directory, RunDirectory.socketDirectory(of: url) ?? "", former != nil,
      token: server.url.identity?.token)
    options.formerLoopbackURL = former
    let own = PrivateServer(
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
        .io, "\(directory.redisData) is gone, and the run's data with it",
        advice: "start the workflow again with hflow-tui run")
    }
    let url = try description.server(in: directory)
    let place = try socketDirectory(of: directory, formerly: url)
    var options = options(directory, place, needsLoopback, token: description.token)
    // Executors that were started with the old address will find the new server there.
    if var former = loopback, needsLoopback, let password = url.password {
      former.user = nil
      former.password = password
      options.formerLoopbackURL = former
    }
    do throws(RedisError) {
      return try start(options, settings.run, directory, executors: loopback)
    } catch {
      // Another program has taken the port: executors that use it are lost, but the run is not.
      guard options.formerLoopbackURL != nil, error.isPortInUse else { throw error }
      options.formerLoopbackURL = nil
      return try start(options, settings.run, directory, executors: loopback)
    }
  }

  /// The directory of the former socket, restored if it is missing; if that is not possible, a
  /// new one.
  static func socketDirectory(
    of directory: RunDirectory, formerly url: RedisURL
  ) throws(RedisError) -> String {
    do throws(RunnerError) {
      return try directory.makeSocketDirectory(formerly: url)
    } catch {
      throw RedisError(.io, "\(error)")
    }
  }

  /// - Parameter executors: The URL that foreign executors had before, if any.
  private static func start(
    _ options: PrivateRedis.Options, _ run: RunID, _ directory: RunDirectory,
    executors: RedisURL? = nil
  ) throws(RedisError) -> RunServer {
    let server = try PrivateRedis.start(options: options)
    var options = options
    options.formerLoopbackURL = server.loopbackURL
    options.proof = .token(server.url.identity?.token)
    let own = PrivateServer(
      run: run, directory: directory, options: options, server: server, isAdopted: false)
    guard let loopback = server.loopbackURL else { return RunServer(own, executorURL: nil) }
    do throws(RedisError) {
      let isSamePlace = executors?.endpoint == loopback.endpoint
      let access =
        (isSamePlace ? executors : nil)
        ?? ExecutorAccess.url(
          at: loopback,
          forWorkers: executors.map(ExecutorAccess.isForWorkers) ?? (options.address != nil))
      try ExecutorAccess.grant(access, run: run, on: server.url)
      return RunServer(own, executorURL: access)
    } catch {
      server.stop()
      throw error
    }
  }

  /// Where the run's own server is now, for `run.json`.
  var place: RedisURL { own?.state.value.withLock { $0.server.url } ?? url }

  /// Reports the exit of the run's own server to the loop.
  func watch(by host: HostLoop) {
    if let child = own?.state.value.withLock({ $0.server.child }) { host.watch(child) }
  }

  /// Where foreign executors connect, for `run.json`.
  var loopback: String? { own == nil || executorURL == url ? nil : executorURL.text }

  /// The command that creates the Redis user of executors and functions on a given Redis, which
  /// forgets its users when it restarts; `nil` if they have no user of their own.
  func grantOnGiven(run: RunID) -> RedisCommand? {
    guard own == nil, let user = functionURL.user, user != url.user else { return nil }
    return ExecutorAccess.command(granting: functionURL, run: run)
  }

  /// Leaves the run's own server running, for an engine that takes the run over.
  func detach() { own?.state.value.withLock { $0.isStopping = true } }

  /// Stops the run's own server after it has saved everything. A given server is left alone, and a
  /// server with viewers is left to them.
  ///
  /// - Parameter engine: The process id of the ending engine, if it had claimed the run in
  ///   `run.json`.
  func stop(_ directory: RunDirectory, engine: Int?) {
    guard let own else { return ExecutorAccess.withdraw(functionURL, on: url) }
    let server = own.state.value.withLock { value in
      value.isStopping = true
      return value.server
    }
    ViewerServer.stopUnlessViewed(directory, server.url, engine: engine) {
      server.stop()
      RunDeletion.removeSocket(at: server.url)
    }
  }
}
