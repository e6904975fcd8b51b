import Glibc
import Logging
import Posix
import Redis
import Runs
import Sites
import Synchronization

/// Keeps the run's own Redis running while the engine lives.
///
/// | what has happened | what the engine does |
/// |---|---|
/// | the server has ended | restarts it, see `RestartRule` |
/// | another process has restarted it | adopts that server |
/// | the socket is gone, or is another user's | stops and restarts the server |
/// | the socket's directory cannot be restored | moves the socket, see `RunDirectory.link` |
/// | the data are gone | leaves the server running: it has them in memory |
/// | the server has ended, and its data are gone | gives up |
///
/// No other process stops the server while the engine lives. Everything here runs on the thread of
/// `HostLoop.run`.
extension RunServer {
  /// How often the socket and the data are checked, in milliseconds.
  static let checkMilliseconds = 1000

  struct Upkeep {
    var server: PrivateRedis
    var options: PrivateRedis.Options
    var isStopping = false
    var rule = RestartRule()
    /// When to restart a server that has ended; `nil` while it runs.
    var startAt: Int?
    /// When the server was told to stop because its socket is lost; `nil` otherwise.
    var renewedSince: Int?
    /// Why the engine gave up restarting it.
    var failure: RedisError?
    var hasReportedLostData = false

    init(server: PrivateRedis, options: PrivateRedis.Options) {
      self.server = server
      self.options = options
      rule.started(at: Clock.monotonicMilliseconds)
    }
  }

  /// The result of a check.
  struct CheckResult {
    /// Notices about what is missing, and what the engine does about it.
    var notices: [String] = []
    /// When to check again, in milliseconds.
    var next = checkMilliseconds
    /// Another server process was started or adopted, and must be watched.
    var isNew = false
    /// Why the engine gave up; `nil` if it did not.
    var failure: RedisError?
  }

  /// Returns true if the child was the run's own server; then `check` restarts it.
  func hasEnded(_ child: Child, _ status: ExitStatus, log: Logger) -> Bool {
    guard let own else { return false }
    return own.state.value.withLock { upkeep in
      guard upkeep.server.child == child else { return false }
      if upkeep.isStopping { return true }
      let now = Clock.monotonicMilliseconds
      if upkeep.renewedSince != nil {
        upkeep.renewedSince = nil
        upkeep.startAt = now
        return true
      }
      log.error("the run's Redis \(status.text); restarting it")
      upkeep.fail(RedisError(.closed, "it ends again and again"), at: now)
      return true
    }
  }

  /// Checks server, socket and data, and restores what is missing.
  func check(log: Logger) -> CheckResult {
    guard let own else { return CheckResult() }
    return own.state.value.withLock { upkeep in
      if upkeep.isStopping { return CheckResult() }
      let result =
        upkeep.startAt == nil ? own.inspect(&upkeep) : own.restore(&upkeep, executorURL, log)
      for notice in result.notices { log.error("\(notice)") }
      return result
    }
  }
}

extension RunServer.Upkeep {
  /// The server has ended, or could not be started.
  fileprivate mutating func fail(_ error: RedisError, at now: Int) {
    let pause = rule.failed(at: now)
    startAt = now + (pause ?? 0)
    if pause == nil { failure = error }
  }
}

extension RunServer.PrivateServer {
  /// How long a server whose socket is lost may take to stop.
  private static let graceMilliseconds = 10_000

  fileprivate func inspect(_ upkeep: inout RunServer.Upkeep) -> RunServer.CheckResult {
    var result = RunServer.CheckResult()
    follow(&upkeep.options)
    let now = Clock.monotonicMilliseconds
    if let since = upkeep.renewedSince {
      if now - since > Self.graceMilliseconds { upkeep.server.child.send(SIGKILL) }
      return result
    }
    // Stopping a server whose data are gone would lose what it has in memory.
    guard Files.isDirectory(upkeep.options.dataDirectory) else {
      if !upkeep.hasReportedLostData {
        upkeep.hasReportedLostData = true
        result.notices.append(
          "\(upkeep.options.dataDirectory) is gone: the run continues, but nobody can view or "
            + "resume it after its end")
      }
      return result
    }
    guard !upkeep.server.url.hasPrivateSocket else { return result }
    result.notices.append(
      "the socket of the run's Redis is gone (\(upkeep.options.socketPath)); Redis is restarted "
        + "to restore it")
    upkeep.renewedSince = now
    upkeep.server.child.send(SIGTERM)
    return result
  }

  fileprivate func restore(
    _ upkeep: inout RunServer.Upkeep, _ executorURL: RedisURL, _ log: Logger
  ) -> RunServer.CheckResult {
    var result = RunServer.CheckResult()
    follow(&upkeep.options)
    result.failure = upkeep.failure
    let now = Clock.monotonicMilliseconds
    if let startAt = upkeep.startAt, startAt > now, result.failure == nil {
      result.next = startAt - now
      return result
    }
    guard result.failure == nil else { return result }
    do throws(RedisError) {
      let server = try start(&upkeep.options, upkeep.server.url)
      if server.loopbackURL != nil {
        do throws(RedisError) {
          try ExecutorAccess.grant(executorURL, run: run, on: server.url)
        } catch {
          server.stop()
          throw error
        }
      }
      upkeep.server = server
      upkeep.startAt = nil
      upkeep.rule.started(at: Clock.monotonicMilliseconds)
      result.isNew = true
    } catch {
      log.error("the run's Redis cannot be started: \(error)")
      upkeep.fail(error, at: Clock.monotonicMilliseconds)
      if !Files.isDirectory(upkeep.options.dataDirectory) { upkeep.failure = error }
      result.next = 0
    }
    return result
  }

  /// Follows the run's directory, which may have been moved since the server was started.
  private func follow(_ options: inout PrivateRedis.Options) {
    options.dataDirectory = directory.redisData
    options.logFile = directory.redisLog
  }

  /// Adopts a server that another process has started, or starts one on the data.
  private func start(
    _ options: inout PrivateRedis.Options, _ former: RedisURL
  ) throws(RedisError) -> PrivateRedis {
    guard Files.isDirectory(options.dataDirectory) else {
      throw RedisError(.io, "\(options.dataDirectory) is gone")
    }
    if let other = try othersServer(options) { return other }
    options.socketDirectory = try RunServer.socketDirectory(of: directory, formerly: former)
    let server: PrivateRedis
    do throws(RedisError) {
      server = try PrivateRedis.start(options: options)
    } catch {
      if let other = try othersServer(options) { return other }
      // Another server, which nobody can reach, keeps the data locked: end it.
      if error.code == .connect { DataHolders(ofDataIn: options.dataDirectory).end() }
      throw error
    }
    options.formerLoopbackURL = server.loopbackURL
    directory.link(to: server.url)
    describe(server.url)
    return server
  }

  /// A server that viewers have started in the meantime; the engine takes it over. If it lacks the
  /// port that executors need, it is stopped instead.
  private func othersServer(
    _ options: PrivateRedis.Options
  ) throws(RedisError) -> PrivateRedis? {
    guard let description = RunDescription.read(in: directory),
      let url = try? description.server(in: directory),
      (try? RedisConnection(url, timeoutMilliseconds: PrivateServerSearch.answerMilliseconds))
        != nil
    else { return nil }
    if options.loopback {
      try PrivateRedis.shutDown(url)
      return nil
    }
    let server = try PrivateRedis.adopt(url)
    describe(server.url)
    return server
  }

  /// Records in `run.json` that the server is the engine's to stop.
  private func describe(_ url: RedisURL) {
    guard let former = RunDescription.read(in: directory) else { return }
    var description = former
    description.setServer(url)
    description.isOwnedByViewers = false
    if description != former { try? description.write(in: directory) }
  }
}
