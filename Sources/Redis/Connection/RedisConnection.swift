import DequeModule
import Glibc
import Posix

/// One connection for one thread at a time. Methods block only if their names or comments say
/// so.
///
/// In a poll loop: `append` commands, watch `descriptor` for POLLIN (and POLLOUT while `pump()`
/// returns false), then call `readAvailable()`, and `nextReply()` until `nil`. Elsewhere, use
/// `run` and `call`.
///
/// A failed connection stays failed: replies that had arrived are still returned, then every
/// call throws. To reconnect, create a new one.
public final class RedisConnection {
  public let url: RedisURL
  /// The number of commands without a reply.
  public private(set) var unansweredCount = 0
  /// Bytes sent so far: shows whether a command may have arrived.
  public private(set) var sentByteCount = 0
  /// Grows with every byte in either direction: distinguishes a slow server from a silent
  /// one.
  public private(set) var progress = 0
  /// A descriptor that ends every wait with `closed` when it becomes readable.
  public var interruptDescriptor: Int32 = -1
  /// The SHA-1 of scripts loaded by this connection, by source.
  var scriptNames: [String: String] = [:]

  private let context: HiredisContext
  private var output: [UInt8] = []
  private var outputStart = 0
  private var replies: Deque<RedisValue> = []
  private var failure: RedisError?

  /// Connects, logs in, selects the database, and checks that a Redis answers.
  ///
  /// Throws `connect` if a retry may help (nobody listens, the server loads its data, another
  /// server than the run's own answers), `server` if it refuses the login or the database, `tls` if
  /// a certificate is refused. With sentinels, asks them first where the master is.
  public init(
    _ url: RedisURL, timeoutMilliseconds: Int = 5000, interruptDescriptor: Int32 = -1
  ) throws(RedisError) {
    let deadline = Clock.monotonicMilliseconds + timeoutMilliseconds
    self.url = url
    self.interruptDescriptor = interruptDescriptor
    var endpoint = try url.checkedEndpoint()
    if case .sentinel(let sentinels) = endpoint {
      let search = MasterSearch(
        sentinels, of: url, deadline: deadline, interruptDescriptor: interruptDescriptor)
      endpoint = try search.master()
    }
    context = try HiredisContext(
      url, at: endpoint, timeoutMilliseconds: max(1, deadline - Clock.monotonicMilliseconds),
      interruptDescriptor: interruptDescriptor)
    try handshake(timeoutMilliseconds: max(1, deadline - Clock.monotonicMilliseconds))
  }

  /// The descriptor to poll.
  public var descriptor: Int32 { context.descriptor }

  /// Queues a command without sending it.
  public func append(_ command: RedisCommand) {
    command.encode(into: &output)
    unansweredCount += 1
  }

  /// Whether commands wait to be sent: poll for POLLOUT too.
  public var hasOutput: Bool { outputStart < output.count }

  /// Sends what is possible without blocking. Returns true if nothing is left.
  @discardableResult
  public func pump() throws(RedisError) -> Bool {
    while hasOutput {
      if let failure {
        if replies.isEmpty { throw failure }
        break
      }
      switch output[outputStart...].withUnsafeBytes({ context.transmit($0) }) {
      case .bytes(let count):
        outputStart += count
        sentByteCount += count
        progress += count > 0 ? 1 : 0
        continue
      case .later: return false
      case .end: fail(ended)
      case .failed(let code): _ = connectionError(code: code, while: "sending")
      case .refused(let failure): fail(failure.error(at: url.description))
      }
      // Replies from before the loss are still returned.
      try throwWithoutReplies()
      break
    }
    output.removeAll(keepingCapacity: output.capacity <= 1 << 20)
    outputStart = 0
    return true
  }

  /// Sends everything, blocking. Reads replies meanwhile, because a server that cannot send
  /// stops reading.
  public func flush() throws(RedisError) {
    while try !pump() {
      try wait(POLLIN | POLLOUT, milliseconds: -1)
      try readAvailable()
    }
  }

  /// Reads what is available, without blocking.
  public func readAvailable() throws(RedisError) {
    // Bounded, so that a busy connection does not starve others in a loop.
    for _ in 0..<16 where failure == nil {
      switch context.receive() {
      case .nothing: return
      case .some(let mayBeMore):
        progress += 1
        parse()
        if !mayBeMore { return try throwWithoutReplies() }
      case .end: failure = ended
      case .failed(let code): _ = connectionError(code: code, while: "receiving")
      case .refused(let failure): fail(failure.error(at: url.description))
      }
    }
    try throwWithoutReplies()
  }

  /// The next reply that was already read.
  public func nextReply() throws(RedisError) -> RedisValue? {
    guard let reply = replies.popFirst() else {
      if let failure { throw failure }
      return nil
    }
    unansweredCount = max(0, unansweredCount - 1)
    return reply
  }

  /// Sends everything and waits for a reply; `nil` on timeout, -1 for no limit.
  public func receive(timeoutMilliseconds: Int) throws(RedisError) -> RedisValue? {
    let deadline = Clock.monotonicMilliseconds + timeoutMilliseconds
    while true {
      if let reply = try nextReply() { return reply }
      let left = max(0, deadline - Clock.monotonicMilliseconds)
      let wanted = try pump() ? POLLIN : POLLIN | POLLOUT
      let ready = try wait(wanted, milliseconds: timeoutMilliseconds < 0 ? -1 : left)
      try readAvailable()
      if !ready, replies.isEmpty { return nil }
    }
  }

  /// Makes every later call throw this error; replies already read are still returned.
  func fail(_ error: RedisError) { failure = failure ?? error }
}

extension RedisConnection {
  private var ended: RedisError {
    RedisError(.closed, "the server closed the connection", at: url.description)
  }

  private func throwWithoutReplies() throws(RedisError) {
    if let failure, replies.isEmpty { throw failure }
  }

  private func parse() {
    do throws(HiredisContext.ProtocolFailure) {
      while let reply = try context.nextReply() { replies.append(reply) }
    } catch {
      fail(
        RedisError(
          .protocol, "this is not Redis' protocol: \(error.reason)", at: url.description,
          advice: "check that the URL points to a Redis"))
    }
  }

  /// Returns false on timeout. Throws `closed` if the owner interrupts.
  @discardableResult
  private func wait(_ events: Int32, milliseconds: Int) throws(RedisError) -> Bool {
    var entries = [
      pollfd(fd: descriptor, events: Int16(events), revents: 0),
      pollfd(fd: interruptDescriptor, events: Int16(POLLIN), revents: 0),
    ]
    let ready = Poll.wait(&entries, milliseconds: milliseconds) > 0
    if entries[1].revents != 0 {
      fail(RedisError(.closed, "the connection was closed on this side", at: url.description))
    }
    if let failure { throw failure }
    return ready
  }

  private func connectionError(code: Int32, while doing: String) -> RedisError {
    let reason = PosixError(doing, "", code: code).reason
    // The server's last reply, such as "max number of clients reached", says more than
    // EPIPE.
    if doing == "sending" { try? readAvailable() }
    // The kernel gave up, because the peer acknowledges nothing.
    let kind: RedisError.Code = code == ETIMEDOUT ? .timeout : .io
    fail(RedisError(kind, "connection lost while \(doing): \(reason)", at: url.description))
    return failure ?? RedisError(.io, reason, at: url.description)
  }
}
