import Dispatch
import Glibc
import Posix
import Synchronization

/// A shared connection for asynchronous callers. It waits on a thread of its own and reconnects
/// when the connection is lost.
///
/// Commands run one after the other, so blocking reads are not allowed: use `RedisStreamReader`
/// and `RedisSubscription`. A lost connection is detected by the next command.
public actor RedisClient {
  /// What to do with commands that were sent but not answered.
  public enum Retry: Sendable {
    /// Throw `closed`, because they may have been executed.
    case never
    /// Send them again, because executing them twice is harmless.
    case always
  }

  public struct Options: Sendable {
    public var connectTimeoutMilliseconds = 5000
    /// How long a server may be silent while a reply is due; -1 for no limit. A timeout drops the
    /// connection.
    public var answerTimeoutMilliseconds = RedisTimeouts.standard.answerMilliseconds
    /// How long callers wait for a reconnect or for a server that is not ready; -1 for no
    /// limit.
    public var reconnectTimeoutMilliseconds = -1
    /// After `waitOutServerErrors`, how long to wait for space on the server's disk or memory.
    public var noSpaceTimeoutMilliseconds = 5000
    /// After `waitOutServerErrors`, how long to wait out other errors.
    public var faultTimeoutMilliseconds = RedisTimeouts.faultMilliseconds

    public init() {}
  }

  public nonisolated let url: RedisURL
  private let options: Options
  private let queue = QueueExecutor(label: "redis-client")
  private let wake = WakePipe()
  private let isClosed = Atomic(false)
  private let broadcast = Broadcast<RedisState>()
  private var connection: RedisConnection?
  private var wasConnected = false
  /// Whether the server refused the last command, for example because its disk is full.
  private var isRefused = false
  private let waitsOutServerErrors = Atomic(false)
  /// The monotonic time since when a caller waits; 0 if none does.
  private let waitingSince = Atomic(0)

  public nonisolated var unownedExecutor: UnownedSerialExecutor {
    queue.asUnownedSerialExecutor()
  }

  public init(_ url: RedisURL, options: Options = Options()) {
    self.url = url
    self.options = options
  }

  /// Connects now. Otherwise the first command connects.
  public func connect() throws(RedisError) {
    if connection == nil { try open() }
  }

  /// Sends all commands in one pipeline. Error replies are values.
  public func run(
    _ commands: [RedisCommand], retry: Retry = .never
  ) throws(RedisError) -> [RedisValue] {
    let limit = options.answerTimeoutMilliseconds
    return try perform(retry) { connection throws(RedisError) in
      let replies = try connection.run(commands, timeoutMilliseconds: limit)
      if retry == .always, let error = firstTemporaryError(in: replies) { throw error }
      return replies
    }
  }

  /// Treats every later error of the server (login, permission, space, anything) as an outage.
  /// Commands that may run twice then wait until the outage is over or has lasted too long.
  public nonisolated func waitOutServerErrors() {
    waitsOutServerErrors.store(true, ordering: .sequentiallyConsistent)
  }

  /// One command; an error reply is thrown as `server`.
  @discardableResult
  public func call(
    _ command: RedisCommand, retry: Retry = .never
  ) throws(RedisError) -> RedisValue {
    let limit = options.answerTimeoutMilliseconds
    return try perform(retry) { connection throws(RedisError) in
      try connection.call(command, timeoutMilliseconds: limit)
    }
  }

  /// Sends MULTI, the commands and EXEC in one pipeline; returns EXEC's replies. Throws
  /// `server` if nothing was executed.
  @discardableResult
  public func transaction(
    _ commands: [RedisCommand], retry: Retry = .never
  ) throws(RedisError) -> [RedisValue] {
    let limit = options.answerTimeoutMilliseconds
    return try perform(retry) { connection throws(RedisError) in
      try connection.transaction(commands, timeoutMilliseconds: limit)
    }
  }

  /// Runs a Lua script by its SHA-1; sends its source only if the server does not know it.
  @discardableResult
  public func script(
    _ script: RedisScript, keys: [String], arguments: [any RedisArgument] = [],
    retry: Retry = .never
  ) throws(RedisError) -> RedisValue {
    let limit = options.answerTimeoutMilliseconds
    return try perform(retry) { connection throws(RedisError) in
      try connection.script(
        script, keys: keys, arguments: arguments, timeoutMilliseconds: limit)
    }
  }

  /// Whether a caller is waiting for a reconnect or for a very late reply.
  public nonisolated var isStuck: Bool {
    let since = waitingSince.load(ordering: .relaxed)
    if since != 0, Clock.monotonicMilliseconds - since > Self.stuckMilliseconds { return true }
    switch broadcast.latest {
    case .lost, .retrying: return true
    case .connected, .closed, nil: return false
    }
  }

  private static let stuckMilliseconds = 3000

  /// The states of the connection, beginning with the current one; ends after `closed`.
  public nonisolated var states: AsyncStream<RedisState> { broadcast.stream() }

  /// Ends waits at once; later calls throw `closed`.
  public nonisolated func close() async {
    guard !isClosed.exchange(true, ordering: .sequentiallyConsistent) else { return }
    wake.wake()
    await drop()
    broadcast.send(.closed)
    broadcast.finish()
  }
}

extension RedisClient {
  /// | event | a command that may run twice | another command |
  /// |---|---|---|
  /// | the connection is lost | is sent again | fails if it was sent |
  /// | the server refuses it, and that passes | waits and is sent again | fails |
  /// | any other error reply | fails | fails |
  private func perform<Result: Sendable>(
    _ retry: Retry, _ exchange: (RedisConnection) throws(RedisError) -> Result
  ) throws(RedisError) -> Result {
    waitingSince.store(Clock.monotonicMilliseconds, ordering: .relaxed)
    defer { waitingSince.store(0, ordering: .relaxed) }
    var backoff = Backoff()
    var earlier: (kind: RedisErrorKind, since: Int)?
    while true {
      let connection = try connected()
      let sent = connection.sentByteCount
      do throws(RedisError) {
        // Detects a server that has closed the connection, before anything is sent.
        try connection.readAvailable()
        let result = try exchange(connection)
        if isRefused { broadcast.send(.connected) }
        isRefused = false
        return result
      } catch {
        if error.isConnectionLoss {
          drop()
          broadcast.send(.lost(error))
          let mayHaveRun = connection.sentByteCount > sent && retry == .never
          if mayHaveRun { throw unanswered(error) }
        }
        guard let limit = waitLimit(for: error) else { throw error }
        if !error.isConnectionLoss { try refused(error, retry) }
        let now = Clock.monotonicMilliseconds
        let since = earlier?.kind == error.kind ? earlier?.since ?? now : now
        let isLate = limit >= 0 && now - since >= limit
        if isLate || hasClosed || Task.isCancelled { throw error }
        // Usually the first attempt after a loss succeeds.
        if earlier != nil || !error.isConnectionLoss { pause(backoff.next()) }
        earlier = (error.kind, since)
      }
    }
  }

  /// Marks the server as refusing commands. Throws if the command must not be sent again.
  private func refused(_ error: RedisError, _ retry: Retry) throws(RedisError) {
    // A failover may have put another server behind the address.
    if error.kind == .notReady { drop() }
    if retry == .never { throw error }
    if error.kind == .refused { drop() }
    isRefused = true
    broadcast.send(.lost(error))
  }

  /// How long an error may last, in milliseconds since its first occurrence; -1 for no limit,
  /// `nil` if waiting does not help.
  private func waitLimit(for error: RedisError) -> Int? {
    let waitsOut = waitsOutServerErrors.load(ordering: .sequentiallyConsistent)
    switch error.kind {
    case .connection where error.code == .protocol && !waitsOut: return nil
    case .connection, .notReady: return options.reconnectTimeoutMilliseconds
    case .refused: return waitsOut ? options.reconnectTimeoutMilliseconds : nil
    case .noSpace: return waitsOut ? options.noSpaceTimeoutMilliseconds : nil
    case .other: return waitsOut && error.mayBeTemporary ? options.faultTimeoutMilliseconds : nil
    }
  }

  private func firstTemporaryError(in replies: [RedisValue]) -> RedisError? {
    for text in replies.lazy.compactMap(\.errorText) {
      let error = RedisError.reply(text, at: url)
      if error.kind != .other, waitLimit(for: error) != nil { return error }
    }
    return nil
  }

  private func pause(_ milliseconds: Int) {
    broadcast.send(.retrying(inMilliseconds: milliseconds))
    _ = Poll.wait(for: wake.descriptor, POLLIN, milliseconds: milliseconds)
  }

  /// The connection; reconnects with growing pauses if it was lost.
  private func connected() throws(RedisError) -> RedisConnection {
    if let connection { return connection }
    var backoff = Backoff()
    let start = Clock.monotonicMilliseconds
    while true {
      do throws(RedisError) {
        return try open()
      } catch {
        guard wasConnected, !hasClosed, !Task.isCancelled, let limit = waitLimit(for: error),
          limit < 0 || Clock.monotonicMilliseconds - start < limit
        else { throw error }
        broadcast.send(.lost(error))
        pause(backoff.next())
      }
    }
  }

  @discardableResult
  private func open() throws(RedisError) -> RedisConnection {
    guard !hasClosed else {
      throw RedisError(.closed, "the client was closed", at: url.description)
    }
    try wake.checkForRedis()
    let connection = try RedisConnection(
      url, timeoutMilliseconds: options.connectTimeoutMilliseconds,
      interruptDescriptor: wake.descriptor)
    self.connection = connection
    wasConnected = true
    // A server that refuses commands is not reported as back.
    if !isRefused { broadcast.send(.connected) }
    return connection
  }

  private var hasClosed: Bool { isClosed.load(ordering: .sequentiallyConsistent) }

  private func drop() { connection = nil }

  private func unanswered(_ error: RedisError) -> RedisError {
    if error.code == .timeout || error.code == .protocol { return error }
    return RedisError(
      .closed, "\(error.message); unanswered commands may have been executed",
      at: url.description)
  }
}

/// Runs an actor on a serial queue of its own, where it may block.
final class QueueExecutor: SerialExecutor {
  private let queue: DispatchQueue

  init(label: String) { queue = DispatchQueue(label: label) }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
  }
}
