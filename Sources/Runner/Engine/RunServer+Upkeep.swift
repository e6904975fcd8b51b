import Glibc
import Logging
import Posix
import Redis
import Synchronization

/// How an engine keeps the run's own Redis up.
///
/// | what is seen | what is done |
/// |---|---|
/// | the server has ended | it is started again, see `RestartRule` |
/// | another process has started it meanwhile | that server is adopted |
/// | the socket is gone, or is another user's | the server is ended and started again |
/// | the directory of the socket cannot be made again | the socket moves, see `RunDirectory.link` |
/// | the data are gone | the server, which has them in memory, is left alone |
/// | the server has ended, and its data are gone | it is given up |
///
/// Nobody else ends the server while the engine lives. All of it happens on the thread that waits
/// for the operating system.
extension RunServer {
  /// How often the socket and the data are looked at, in milliseconds.
  static let lookMilliseconds = 1000

  struct Upkeep {
    var server: EmbeddedRedis
    var options: EmbeddedRedis.Options
    var isStopping = false
    var rule = RestartRule()
    /// When the server that has ended is to be started; `nil` while it runs.
    var startAt: Int?
    /// When it was told to end, so that its socket can be made again.
    var renewedSince: Int?
    /// Why it is not brought back.
    var failure: RedisError?
    var hasSaidThatDataAreGone = false

    init(server: EmbeddedRedis, options: EmbeddedRedis.Options) {
      self.server = server
      self.options = options
      rule.started(at: Clock.monotonicMilliseconds)
    }
  }

  /// What comes of a look.
  struct Look {
    /// For people: what is gone, and what is done about it.
    var notices: [String] = []
    /// When to look again, in milliseconds.
    var next = lookMilliseconds
    /// Another server is there, whose end is to be told.
    var isNew = false
    /// The server is given up for this reason.
    var failure: RedisError?
  }

  /// Whether it is the run's own server that has ended; then `look` brings it back.
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
      log.error("the run's Redis \(status.text); starting it again")
      upkeep.fail(RedisError(.closed, "it ends again and again"), at: now)
      return true
    }
  }

  /// Looks whether everything is there, and brings back what is not.
  func look(log: Logger) -> Look {
    guard let own else { return Look() }
    return own.state.value.withLock { upkeep in
      if upkeep.isStopping { return Look() }
      let look =
        upkeep.startAt == nil ? own.inspect(&upkeep) : own.bringBack(&upkeep, executorURL, log)
      for notice in look.notices { log.error("\(notice)") }
      return look
    }
  }
}

extension RunServer.Upkeep {
  /// It has ended, or could not be started.
  fileprivate mutating func fail(_ error: RedisError, at now: Int) {
    let pause = rule.failed(at: now)
    startAt = now + (pause ?? 0)
    if pause == nil { failure = error }
  }
}

extension RunServer.Own {
  /// How long a server may take to end that is to make its socket again.
  private static let graceMilliseconds = 10_000

  fileprivate func inspect(_ upkeep: inout RunServer.Upkeep) -> RunServer.Look {
    var look = RunServer.Look()
    follow(&upkeep.options)
    let now = Clock.monotonicMilliseconds
    if let since = upkeep.renewedSince {
      if now - since > Self.graceMilliseconds { upkeep.server.child.send(SIGKILL) }
      return look
    }
    // What a server without its data has in memory would go with it.
    guard Files.isDirectory(upkeep.options.dataDirectory) else {
      if !upkeep.hasSaidThatDataAreGone {
        upkeep.hasSaidThatDataAreGone = true
        look.notices.append(
          "\(upkeep.options.dataDirectory) is gone: the run goes on, but nobody can look at it or "
            + "resume it after its end")
      }
      return look
    }
    guard !upkeep.server.url.hasPrivateSocket else { return look }
    look.notices.append(
      "the socket of the run's Redis is gone (\(upkeep.options.socketPath)); Redis is started "
        + "again to make it anew")
    upkeep.renewedSince = now
    upkeep.server.child.send(SIGTERM)
    return look
  }

  fileprivate func bringBack(
    _ upkeep: inout RunServer.Upkeep, _ executorURL: RedisURL, _ log: Logger
  ) -> RunServer.Look {
    var look = RunServer.Look()
    follow(&upkeep.options)
    look.failure = upkeep.failure
    let now = Clock.monotonicMilliseconds
    if let startAt = upkeep.startAt, startAt > now, look.failure == nil {
      look.next = startAt - now
      return look
    }
    guard look.failure == nil else { return look }
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
      look.isNew = true
    } catch {
      log.error("the run's Redis cannot be started: \(error)")
      upkeep.fail(error, at: Clock.monotonicMilliseconds)
      if !Files.isDirectory(upkeep.options.dataDirectory) { upkeep.failure = error }
      look.next = 0
    }
    return look
  }

  /// The run's directory may have been moved since the server was started.
  private func follow(_ options: inout EmbeddedRedis.Options) {
    options.dataDirectory = directory.redisData
    options.logFile = directory.redisLog
  }

  /// The server that somebody else has started meanwhile, or one on the data.
  private func start(
    _ options: inout EmbeddedRedis.Options, _ former: RedisURL
  ) throws(RedisError) -> EmbeddedRedis {
    guard Files.isDirectory(options.dataDirectory) else {
      throw RedisError(.io, "\(options.dataDirectory) is gone")
    }
    if let other = try othersServer(options) { return other }
    options.socketDirectory = try RunServer.socketDirectory(formerly: former)
    let server: EmbeddedRedis
    do throws(RedisError) {
      server = try EmbeddedRedis.start(options: options)
    } catch {
      if let other = try othersServer(options) { return other }
      // Nobody can reach who keeps the data locked.
      if error.code == .connect { DataHolders(ofDataIn: options.dataDirectory).end() }
      throw error
    }
    options.formerLoopbackURL = server.loopbackURL
    directory.link(to: server.url)
    describe(server.url)
    return server
  }

  /// What lookers have started while we could not; it is ours from now on. One without the port
  /// that executors need is ended.
  private func othersServer(
    _ options: EmbeddedRedis.Options
  ) throws(RedisError) -> EmbeddedRedis? {
    guard let description = RunDescription.read(in: directory),
      let url = try? description.server(in: directory),
      (try? RedisConnection(url, timeoutMilliseconds: OwnServerSearch.answerMilliseconds)) != nil
    else { return nil }
    if options.loopback {
      try EmbeddedRedis.shutDown(url)
      return nil
    }
    let server = try EmbeddedRedis.adopt(url)
    describe(server.url)
    return server
  }

  /// Nobody but us stops it.
  private func describe(_ url: RedisURL) {
    guard let former = RunDescription.read(in: directory) else { return }
    var description = former
    description.setServer(url)
    description.isRevived = false
    if description != former { try? description.write(in: directory) }
  }
}
