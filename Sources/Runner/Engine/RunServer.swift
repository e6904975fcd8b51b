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
  private let own: Own?

  var isEmbedded: Bool { own != nil }

  /// A server that belongs to the run.
  private struct Own: Sendable {
    let run: RunID
    let options: EmbeddedRedis.Options
    let state: SharedState
  }

  private final class SharedState: Sendable {
    struct Value {
      var server: EmbeddedRedis
      var restarts = 0
      var isStopping = false
    }

    let value: Mutex<Value>

    init(_ server: EmbeddedRedis) { value = Mutex(Value(server: server)) }
  }

  /// A server that dies so often has a reason that does not go away, such as a full disk.
  private static let restartLimit = 5

  private init(url: RedisURL, executorURL: RedisURL, own: Own? = nil) {
    self.url = url
    self.executorURL = executorURL
    self.own = own
  }

  static func start(
    settings: RunSettings, directory: RunDirectory, needsLoopback: Bool
  ) throws(RunnerError) -> RunServer {
    do throws(RedisError) {
      if let text = settings.redisURL {
        let url = try RedisURL(parsing: text)
        return RunServer(url: url, executorURL: url)
      }
    } catch {
      throw RunnerError(.infrastructure, "\(error)")
    }
    let socketDirectory = try RunDirectory.makeSocketDirectory()
    let options = EmbeddedRedis.Options(
      dataDirectory: directory.redisData, socketDirectory: socketDirectory,
      logFile: directory.redisLog,
      loopback: needsLoopback)
    do throws(RedisError) {
      return try start(options, settings.run)
    } catch {
      Files.removeTree(socketDirectory)
      throw RunnerError(.infrastructure, "\(error)")
    }
  }

  private static func start(
    _ options: EmbeddedRedis.Options, _ run: RunID
  ) throws(RedisError) -> RunServer {
    let server = try EmbeddedRedis.start(options: options)
    var options = options
    options.formerLoopbackURL = server.loopbackURL
    let own = Own(run: run, options: options, state: SharedState(server))
    guard let loopback = server.loopbackURL else {
      return RunServer(url: server.url, executorURL: server.url, own: own)
    }
    do throws(RedisError) {
      let access = ExecutorAccess.url(at: loopback)
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

  /// Starts the server again if it is the one that ended. False for a stranger. Throws when it
  /// cannot be brought back.
  func revive(_ child: Child, _ status: ExitStatus, log: Logger) throws(RunnerError) -> Bool {
    guard let own else { return false }
    let (isOurs, isStopping, restarts) = own.state.value.withLock { value in
      let isOurs = value.server.child == child
      if isOurs { value.restarts += 1 }
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

  /// Ends the server of its own, everything written; leaves a given one alone.
  func stop() {
    guard let own else { return }
    let server = own.state.value.withLock { value in
      value.isStopping = true
      return value.server
    }
    server.stop()
    Files.removeTree(own.options.socketDirectory)
  }
}
