import Dispatch
import Glibc
import Posix
import Synchronization

/// What a listener does with a connection while it lasts.
protocol ListenerSession<Element>: Sendable {
  associatedtype Element: Sendable

  /// Returns when the mailbox has ended. Throws a connection loss to be called again on a new
  /// connection, anything else to end the mailbox with it.
  mutating func run(
    on connection: RedisConnection, for listener: Listener<Element>
  ) throws(RedisError)

  /// The connection is gone, or could not be made; another attempt follows.
  func lost(_ error: RedisError, for listener: Listener<Element>)
}

/// A thread with a connection of its own that fills a mailbox, connecting again until it has ended.
///
/// The thread owns the session and the connection. Others reach it through the mailbox, the wake
/// pipe, and what the session shares under a lock.
///
/// | what ends a session | before the first that worked | afterwards |
/// |---|---|---|
/// | a lost connection, a server that is not ready | another follows | another follows |
/// | a refused login or permission | the mailbox ends | another follows |
/// | any other error | the mailbox ends | another follows for some time, then the mailbox ends |
final class Listener<Element: Sendable>: Sendable {
  let url: RedisURL
  let mailbox: Mailbox<Element>
  let wake = WakePipe()
  let states = Broadcast<RedisState>()
  let patience: RedisPatience
  /// The server does what this session wants.
  private let isUp = Atomic(false)
  private let hasWorked = Atomic(false)

  init(_ url: RedisURL, capacity: Int, patience: RedisPatience) {
    self.url = url
    self.patience = patience
    mailbox = Mailbox(capacity: capacity, wake: wake)
  }

  func start(_ session: some ListenerSession<Element>) {
    DispatchQueue(label: "redis-listener").async { [self] in
      var session = session
      listen(&session)
      states.send(.closed)
      states.finish()
    }
  }

  /// A session says so with each answer that is no error.
  func works() {
    if isUp.exchange(true, ordering: .relaxed) { return }
    hasWorked.store(true, ordering: .relaxed)
    states.send(.connected)
  }

  private func listen(_ session: inout some ListenerSession<Element>) {
    var backoff = Backoff()
    var faultySince: Int?
    while !mailbox.isEnded {
      do throws(RedisError) {
        try wake.check()
        let connection = try RedisConnection(url)
        try session.run(on: connection, for: self)
      } catch {
        let now = Clock.monotonicMilliseconds
        if isUp.exchange(false, ordering: .relaxed) {
          backoff = Backoff()
          faultySince = now
        }
        let isFresh = now - (faultySince ?? now) < RedisPatience.faultMilliseconds
        guard passes(error, isFresh: isFresh) else { return mailbox.finish(throwing: error) }
        if mailbox.isEnded { return }
        let pause = backoff.next()
        states.send(.lost(error))
        session.lost(error, for: self)
        states.send(.retrying(inMilliseconds: pause))
        rest(milliseconds: pause)
      }
    }
  }

  private func passes(_ error: RedisError, isFresh: Bool) -> Bool {
    let hasWorked = hasWorked.load(ordering: .relaxed)
    return switch error.trouble {
    case .connection, .notReady: true
    case .refused, .noRoom: hasWorked
    case .other: hasWorked && isFresh && error.mayPass
    }
  }

  /// Waits for the whole time, unless the mailbox ends.
  func rest(milliseconds: Int) {
    let deadline = Clock.monotonicMilliseconds + milliseconds
    while !mailbox.isEnded {
      let left = deadline - Clock.monotonicMilliseconds
      guard left > 0, Poll.wait(for: wake.descriptor, POLLIN, milliseconds: left) else { return }
      wake.drain()
    }
  }

  /// Sends what there is to send and waits until something has come, unless the mailbox is full, or
  /// somebody wakes us, or it is time to send something (`dueAt`, monotonic) or to give up.
  func exchange(
    on connection: RedisConnection, _ watch: inout AnswerWatch, dueAt: Int? = nil
  ) throws(RedisError) {
    let isSent = try connection.pump()
    let isFull = mailbox.isFull
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

/// When a server must have said something, else its connection counts as lost.
struct AnswerWatch {
  /// Monotonic; `nil` while nothing is owed.
  private(set) var dueAt: Int?
  private var progress = 0
  private let patience: Int

  init(_ patience: RedisPatience) { self.patience = patience.answerMilliseconds }

  /// An answer is owed that may come `wait` milliseconds from now.
  mutating func expect(after wait: Int = 0) {
    dueAt = Clock.monotonicMilliseconds + wait + patience
  }

  mutating func settle() { dueAt = nil }

  /// Whoever does not read cannot tell; whose bytes come is not silent.
  mutating func check(_ connection: RedisConnection, isReading: Bool) throws(RedisError) {
    guard let due = dueAt else { return }
    let now = Clock.monotonicMilliseconds
    if connection.progress != progress || !isReading {
      progress = connection.progress
      dueAt = max(due, now + patience)
    } else if now >= due {
      throw RedisError(
        .timeout, "no answer within \(patience) ms", at: connection.url.description)
    }
  }
}
