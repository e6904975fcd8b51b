import Glibc
import Posix
import Synchronization

/// One shared connection for asynchronous callers; waits on a thread of its own and connects again
/// when the connection is lost.
///
/// Commands of several callers go one after the other: no blocking reads here, they have
/// `RedisStreamReader` and `RedisSubscription`. A loss is noticed by the next command.
public actor RedisClient {
  /// What to do with commands that were sent and whose answer never came.
  public enum Retry: Sendable {
    /// Throw `closed`: they may have been executed.
    case never
    /// Send them again: executing them twice does no harm.
    case always
  }

  public struct Options: Sendable {
    public var connectTimeoutMilliseconds = 5000
    /// How long to wait for answers, -1: for ever. A time-out drops the connection.
    public var answerTimeoutMilliseconds = -1
    /// How long callers wait while a lost connection is made anew, -1: for ever.
    public var reconnectTimeoutMilliseconds = -1

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
  /// Monotonic; 0 when nobody waits.
  private let waitingSince = Atomic(0)

  public nonisolated var unownedExecutor: UnownedSerialExecutor {
    queue.asUnownedSerialExecutor()
  }

  public init(_ url: RedisURL, options: Options = Options()) {
    self.url = url
    self.options = options
  }

  /// Connects now, once. Without it the first command does.
  public func connect() throws(RedisError) {
    if connection == nil { try open() }
  }

  /// A pipeline: all commands in one go. Error replies are values.
  public func run(
    _ commands: [RedisCommand], retry: Retry = .never
  ) throws(RedisError) -> [RedisValue] {
    let limit = options.answerTimeoutMilliseconds
    return try perform(retry) { connection throws(RedisError) in
      try connection.run(commands, timeoutMilliseconds: limit)
    }
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

  /// MULTI, the commands, EXEC in one pipeline; returns EXEC's replies. Throws `server` when
  /// nothing was executed.
  @discardableResult
  public func transaction(
    _ commands: [RedisCommand], retry: Retry = .never
  ) throws(RedisError) -> [RedisValue] {
    let limit = options.answerTimeoutMilliseconds
    return try perform(retry) { connection throws(RedisError) in
      try connection.transaction(commands, timeoutMilliseconds: limit)
    }
  }

  /// Runs a Lua script by its name, sending its source only when the server does not know it.
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

  /// Somebody waits: for a connection that is gone, or for an answer that takes very long.
  public nonisolated var isStuck: Bool {
    let since = waitingSince.load(ordering: .relaxed)
    if since != 0, Clock.monotonicMilliseconds - since > Self.patienceMilliseconds { return true }
    switch broadcast.latest {
    case .lost, .retrying: return true
    case .connected, .closed, nil: return false
    }
  }

  private static let patienceMilliseconds = 3000

  /// What happens to the connection from now on, beginning with how it is; ends after `closed`.
  public nonisolated var states: AsyncStream<RedisState> { broadcast.stream() }

  /// Ends waits at once; every later call throws `closed`.
  public nonisolated func close() async {
    guard !isClosed.exchange(true, ordering: .sequentiallyConsistent) else { return }
    wake.wake()
    await drop()
    broadcast.send(.closed)
    broadcast.finish()
  }
}

extension RedisClient {
  private func perform<Result: Sendable>(
    _ retry: Retry, _ exchange: (RedisConnection) throws(RedisError) -> Result
  ) throws(RedisError) -> Result {
    waitingSince.store(Clock.monotonicMilliseconds, ordering: .relaxed)
    defer { waitingSince.store(0, ordering: .relaxed) }
    while true {
      let connection = try connected()
      let sent = connection.sentByteCount
      do throws(RedisError) {
        // A server that went away while nobody asked shows here, before anything is sent.
        try connection.readAvailable()
        return try exchange(connection)
      } catch {
        guard error.isConnectionLoss else { throw error }
        drop()
        broadcast.send(.lost(error))
        let mayHaveRun = connection.sentByteCount > sent && retry == .never
        if mayHaveRun { throw unanswered(error) }
        if error.code == .timeout || error.code == .protocol { throw error }
      }
    }
  }

  /// The connection, made anew with growing pauses when it was lost.
  private func connected() throws(RedisError) -> RedisConnection {
    if let connection { return connection }
    var backoff = Backoff()
    let deadline = Clock.monotonicMilliseconds + options.reconnectTimeoutMilliseconds
    while true {
      do throws(RedisError) {
        return try open()
      } catch {
        let isLate =
          options.reconnectTimeoutMilliseconds >= 0 && Clock.monotonicMilliseconds >= deadline
        let isOver = hasClosed || isLate || Task.isCancelled
        if isOver || !wasConnected || !error.isConnectionLoss { throw error }
        let pause = backoff.next()
        broadcast.send(.lost(error))
        broadcast.send(.retrying(inMilliseconds: pause))
        _ = Poll.wait(for: wake.descriptor, POLLIN, milliseconds: pause)
      }
    }
  }

  @discardableResult
  private func open() throws(RedisError) -> RedisConnection {
    guard !hasClosed else {
      throw RedisError(.closed, "the client was closed", at: url.description)
    }
    try wake.check()
    let connection = try RedisConnection(
      url, timeoutMilliseconds: options.connectTimeoutMilliseconds,
      interruptDescriptor: wake.descriptor)
    self.connection = connection
    wasConnected = true
    broadcast.send(.connected)
    return connection
  }

  private var hasClosed: Bool { isClosed.load(ordering: .sequentiallyConsistent) }

  private func drop() { connection = nil }

  private func unanswered(_ error: RedisError) -> RedisError {
    if error.code == .timeout || error.code == .protocol { return error }
    return RedisError(
      .closed, "\(error.message); the commands that were under way may have been executed",
      at: url.description)
  }
}
