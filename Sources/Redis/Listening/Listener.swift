import Dispatch
import Glibc
import Posix
import Synchronization

/// What a listener does on a connection.
protocol ListenerSession<Element>: Sendable {
  associatedtype Element: Sendable

  /// Returns when the queue has ended. Throws a connection loss to be called again on a new
  /// connection, any other error to end the queue with it.
  mutating func run(
    on connection: RedisConnection, for listener: Listener<Element>
  ) throws(RedisError)

  /// The connection was lost or could not be made; another attempt follows.
  func lost(_ error: RedisError, for listener: Listener<Element>)
}

/// A thread with a connection of its own that fills a queue and reconnects until the queue has
/// ended.
///
/// The thread owns the session and the connection. Other threads use the queue, the wake pipe, and
/// data of the session under a lock.
///
/// | what ends a session | before the first that worked | afterwards |
/// |---|---|---|
/// | a lost connection, a server that is not ready | reconnects | reconnects |
/// | a refused login or permission | the queue ends | reconnects |
/// | any other error | the queue ends | reconnects for some time, then the queue ends |
final class Listener<Element: Sendable>: Sendable {
  let url: RedisURL
  let queue: BoundedQueue<Element, RedisError>
  let wake = WakePipe()
  let states = Broadcast<RedisState>()
  let timeouts: RedisTimeouts
  /// Whether the server has accepted this session's commands.
  private let isAccepted = Atomic(false)
  private let hasWorked = Atomic(false)

  init(_ url: RedisURL, capacity: Int, timeouts: RedisTimeouts) {
    self.url = url
    self.timeouts = timeouts
    queue = BoundedQueue(limit: capacity, producerWake: wake)
  }

  func start(_ session: some ListenerSession<Element>) {
    DispatchQueue(label: "redis-listener").async { [self] in
      var session = session
      listen(&session)
      states.send(.closed)
      states.finish()
    }
  }

  /// The next element; `nil` at the end. Cancelling the consumer's task ends the queue.
  func next() async throws(RedisError) -> Element? {
    try await ending { () throws(RedisError) in try await queue.next() }
  }

  /// Everything that has arrived, at least one element; `nil` at the end.
  func nextAll() async throws(RedisError) -> [Element]? {
    try await ending { () throws(RedisError) in try await queue.nextAll() }
  }

  private func ending<Value: Sendable>(
    _ wait: () async throws(RedisError) -> Value
  ) async throws(RedisError) -> Value {
    let result: Result<Value, RedisError> = await withTaskCancellationHandler {
      do throws(RedisError) {
        return .success(try await wait())
      } catch {
        return .failure(error)
      }
    } onCancel: {
      queue.cancel()
    }
    return try result.get()
  }

  /// Called by a session for each answer that is not an error.
  func commandSucceeded() {
    if isAccepted.exchange(true, ordering: .relaxed) { return }
    hasWorked.store(true, ordering: .relaxed)
    states.send(.connected)
  }

  private func listen(_ session: inout some ListenerSession<Element>) {
    var backoff = Backoff()
    var faultySince: Int?
    while !queue.isEnded {
      do throws(RedisError) {
        try wake.checkForRedis()
        let connection = try RedisConnection(url)
        try session.run(on: connection, for: self)
      } catch {
        let now = Clock.monotonicMilliseconds
        if isAccepted.exchange(false, ordering: .relaxed) {
          backoff = Backoff()
          faultySince = now
        }
        let isRecent = now - (faultySince ?? now) < RedisTimeouts.faultMilliseconds
        guard isTemporary(error, isRecent: isRecent) else { return queue.finish(throwing: error) }
        if queue.isEnded { return }
        let pause = backoff.next()
        states.send(.lost(error))
        session.lost(error, for: self)
        states.send(.retrying(inMilliseconds: pause))
        waitUnlessEnded(milliseconds: pause)
      }
    }
  }

  private func isTemporary(_ error: RedisError, isRecent: Bool) -> Bool {
    let hasWorked = hasWorked.load(ordering: .relaxed)
    return switch error.kind {
    case .connection, .notReady: true
    case .refused, .noSpace: hasWorked
    case .other: hasWorked && isRecent && error.mayBeTemporary
    }
  }

  /// Sleeps until the time is over or the queue has ended.
  func waitUnlessEnded(milliseconds: Int) {
    let deadline = Clock.monotonicMilliseconds + milliseconds
    while !queue.isEnded {
      let left = deadline - Clock.monotonicMilliseconds
      guard left > 0, Poll.wait(for: wake.descriptor, POLLIN, milliseconds: left) else { return }
      wake.drain()
    }
  }

  /// Sends pending data and waits until something arrives, unless the queue is full, somebody
  /// wakes the thread, or it is time to send something (`dueAt`, monotonic) or to give up.
  func exchange(
    on connection: RedisConnection, _ watch: inout AnswerWatch, dueAt: Int? = nil
  ) throws(RedisError) {
    let isSent = try connection.pump()
    let isFull = queue.isFull
    var events = isFull ? 0 : POLLIN
    if !isSent { events |= POLLOUT }
    var entries = [
      pollfd(fd: connection.descriptor, events: Int16(events), revents: 0),
      pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0),
    ]
    let until = [watch.dueAt, dueAt].compactMap { $0 }.min()
    let milliseconds = until.map { max(0, $0 - Clock.monotonicMilliseconds) } ?? -1
    _ = Poll.wait(&entries, milliseconds: milliseconds)
    if entries[1].revents != 0 { wake.drain() }
    let isHungUp = entries[0].revents & Int16(POLLHUP | POLLERR) != 0
    if !isFull || isHungUp { try connection.readAvailable() }
    try watch.check(connection, isReading: !isFull)
  }
}

extension WakePipe {
  func checkForRedis() throws(RedisError) {
    do throws(PosixError) {
      try check()
    } catch {
      throw RedisError(.io, "no file descriptor is left in this process")
    }
  }
}

/// Limits how long an answer may take before the connection counts as lost.
struct AnswerWatch {
  /// The monotonic time by which an answer is due; `nil` if none is owed.
  private(set) var dueAt: Int?
  private var progress = 0
  private let answerMilliseconds: Int

  init(_ timeouts: RedisTimeouts) { answerMilliseconds = timeouts.answerMilliseconds }

  /// Expects an answer within `wait` milliseconds plus the timeout.
  mutating func expect(after wait: Int = 0) {
    dueAt = Clock.monotonicMilliseconds + wait + answerMilliseconds
  }

  mutating func answered() { dueAt = nil }

  /// Throws if the answer is overdue. A server is not silent while its bytes arrive or nobody
  /// reads them.
  mutating func check(_ connection: RedisConnection, isReading: Bool) throws(RedisError) {
    guard let due = dueAt else { return }
    let now = Clock.monotonicMilliseconds
    if connection.progress != progress || !isReading {
      progress = connection.progress
      dueAt = max(due, now + answerMilliseconds)
    } else if now >= due {
      throw RedisError(
        .timeout, "no answer within \(answerMilliseconds) ms", at: connection.url.description)
    }
  }
}
