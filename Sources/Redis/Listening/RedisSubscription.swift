import Posix
import Synchronization

/// A message of a channel.
public struct RedisPush: Sendable, Equatable {
  public let channel: String
  public let payload: [UInt8]
  /// The pattern that matched; `nil` for a channel subscribed by name.
  public let pattern: String?

  public init(channel: String, payload: [UInt8], pattern: String? = nil) {
    self.channel = channel
    self.payload = payload
    self.pattern = pattern
  }
}

/// A subscription to channels and patterns on a connection of its own, for one consumer.
///
/// Redis keeps no messages for absent clients: messages between `lost` and `resubscribed` are
/// missed; after each `subscribed` none is. The buffer is bounded. A consumer that lags by tens
/// of megabytes is disconnected by the server, which shows as `lost`.
public final class RedisSubscription: AsyncSequence, Sendable {
  public enum Event: Sendable, Equatable {
    /// The server has confirmed these channels and patterns: from now on no message is
    /// missed.
    case subscribed([String])
    /// The connection is lost; messages are missed until `resubscribed`.
    case lost(RedisError)
    /// Everything is subscribed again.
    case resubscribed
    case message(RedisPush)
  }

  public typealias Element = Event
  public typealias Failure = RedisError

  private let listener: Listener<Event>
  private let desired: DesiredSubscriptions

  /// Starts at once. `capacity` is the number of buffered messages.
  public init(
    _ url: RedisURL, channels: [String] = [], patterns: [String] = [], capacity: Int = 8192,
    timeouts: RedisTimeouts = .standard
  ) {
    listener = Listener(url, capacity: capacity, timeouts: timeouts)
    desired = DesiredSubscriptions(channels: channels, patterns: patterns)
    listener.start(SubscriptionSession(desired: desired))
  }

  deinit { cancel() }

  /// Adds channels and patterns; a `subscribed` event with their names follows.
  public func subscribe(channels: [String] = [], patterns: [String] = []) {
    desired.add(channels: channels, patterns: patterns)
    listener.wake.wake()
  }

  /// Messages that were already sent may still arrive.
  public func unsubscribe(channels: [String] = [], patterns: [String] = []) {
    desired.remove(channels: channels, patterns: patterns)
    listener.wake.wake()
  }

  /// Ends the sequence and the connection at once.
  public func cancel() { listener.queue.cancel() }

  public func makeAsyncIterator() -> Iterator { Iterator(subscription: self) }

  /// Cancelling the waiting task cancels the subscription. Throws if the server refuses the
  /// first login or a channel.
  public struct Iterator: AsyncIteratorProtocol, Sendable {
    let subscription: RedisSubscription

    public func next() async throws(RedisError) -> Event? {
      try await subscription.listener.next()
    }

    public func next(isolation: isolated (any Actor)?) async throws(RedisError) -> Event? {
      try await subscription.listener.next()
    }

    /// All events that have arrived, at least one.
    public func nextAll() async throws(RedisError) -> [Event]? {
      try await subscription.listener.nextAll()
    }
  }
}

/// The desired subscriptions, shared with the listening thread.
final class DesiredSubscriptions: Sendable {
  enum Change: Sendable {
    case add(channels: [String], patterns: [String])
    case remove(channels: [String], patterns: [String])
  }

  private struct State {
    var channels: Set<String>
    var patterns: Set<String>
    var changes: [Change] = []
  }

  private let state: Mutex<State>

  init(channels: [String], patterns: [String]) {
    state = Mutex(State(channels: Set(channels), patterns: Set(patterns)))
  }

  func add(channels: [String], patterns: [String]) {
    state.withLock { state in
      state.channels.formUnion(channels)
      state.patterns.formUnion(patterns)
      state.changes.append(.add(channels: channels, patterns: patterns))
    }
  }

  func remove(channels: [String], patterns: [String]) {
    state.withLock { state in
      state.channels.subtract(channels)
      state.patterns.subtract(patterns)
      state.changes.append(.remove(channels: channels, patterns: patterns))
    }
  }

  /// All desired subscriptions, for a new connection.
  func takeAll() -> (channels: [String], patterns: [String], pending: [[String]]) {
    state.withLock { state in
      let added = state.changes.compactMap { change -> [String]? in
        if case .add(let channels, let patterns) = change { return channels + patterns }
        return nil
      }
      state.changes = []
      return (state.channels.sorted(), state.patterns.sorted(), added)
    }
  }

  func takeChanges() -> [Change] {
    state.withLock { state in
      defer { state.changes = [] }
      return state.changes
    }
  }
}

/// Subscribes, reports confirmations, and passes messages on.
struct SubscriptionSession: ListenerSession {
  /// Subscriptions that were sent together, and the event to send when all are confirmed.
  private struct Batch {
    var unconfirmedCount: Int
    var events: [RedisSubscription.Event]
  }

  let desired: DesiredSubscriptions
  private var wasSubscribed = false
  private var batches: [Batch] = []

  init(desired: DesiredSubscriptions) { self.desired = desired }

  mutating func run(
    on connection: RedisConnection, for listener: Listener<RedisSubscription.Event>
  ) throws(RedisError) {
    begin(on: connection)
    var watch = AnswerWatch(listener.timeouts)
    var pingAt = Clock.monotonicMilliseconds + listener.timeouts.idleMilliseconds
    while !listener.queue.isEnded {
      apply(desired.takeChanges(), on: connection)
      reportConfirmed(listener)
      if Clock.monotonicMilliseconds >= pingAt {
        connection.append(RedisCommand("PING"))
        pingAt = .max
      }
      if connection.hasOutput, watch.dueAt == nil { watch.expect() }
      try listener.exchange(on: connection, &watch, dueAt: pingAt == .max ? nil : pingAt)
      while let reply = try connection.nextReply() {
        try handle(reply, connection, listener)
        watch.answered()
        pingAt = Clock.monotonicMilliseconds + listener.timeouts.idleMilliseconds
      }
    }
  }

  func lost(_ error: RedisError, for listener: Listener<RedisSubscription.Event>) {
    if wasSubscribed { listener.queue.send(.lost(error)) }
  }

  private mutating func begin(on connection: RedisConnection) {
    let all = desired.takeAll()
    var events = [RedisSubscription.Event.resubscribed]
    if !wasSubscribed { events = [.subscribed(all.channels + all.patterns)] }
    // Additions that are not confirmed yet get an event of their own, too.
    let unconfirmed = wasSubscribed ? batches.flatMap(\.events) : []
    events += unconfirmed.filter { $0 != .resubscribed }
    events += all.pending.map { .subscribed($0) }
    batches = []
    add(all.channels, all.patterns, telling: events, on: connection)
  }

  private mutating func apply(
    _ changes: [DesiredSubscriptions.Change], on connection: RedisConnection
  ) {
    for change in changes {
      switch change {
      case .add(let channels, let patterns):
        add(channels, patterns, telling: [.subscribed(channels + patterns)], on: connection)
      case .remove(let channels, let patterns):
        if !channels.isEmpty { connection.append(RedisCommand(["UNSUBSCRIBE"] + channels)) }
        if !patterns.isEmpty { connection.append(RedisCommand(["PUNSUBSCRIBE"] + patterns)) }
      }
    }
  }

  private mutating func add(
    _ channels: [String], _ patterns: [String], telling events: [RedisSubscription.Event],
    on connection: RedisConnection
  ) {
    if !channels.isEmpty { connection.append(RedisCommand(["SUBSCRIBE"] + channels)) }
    if !patterns.isEmpty { connection.append(RedisCommand(["PSUBSCRIBE"] + patterns)) }
    batches.append(Batch(unconfirmedCount: channels.count + patterns.count, events: events))
  }

  /// Confirmations arrive in the order of commands, one for each name.
  private mutating func reportConfirmed(_ listener: Listener<RedisSubscription.Event>) {
    while let batch = batches.first, batch.unconfirmedCount == 0 {
      batches.removeFirst()
      wasSubscribed = true
      listener.commandSucceeded()
      for event in batch.events { listener.queue.send(event) }
    }
  }

  private mutating func handle(
    _ reply: RedisValue, _ connection: RedisConnection,
    _ listener: Listener<RedisSubscription.Event>
  ) throws(RedisError) {
    if case .error(let text) = reply { throw .reply(text, at: connection.url) }
    guard let parts = reply.array, let kind = parts.first?.string else { return }
    switch kind {
    case "message" where parts.count == 3:
      let push = RedisPush(channel: parts[1].string ?? "", payload: parts[2].bytes ?? [])
      listener.queue.send(.message(push))
    case "pmessage" where parts.count == 4:
      let push = RedisPush(
        channel: parts[2].string ?? "", payload: parts[3].bytes ?? [], pattern: parts[1].string)
      listener.queue.send(.message(push))
    case "subscribe", "psubscribe":
      if !batches.isEmpty { batches[0].unconfirmedCount -= 1 }
      reportConfirmed(listener)
    default: break
    }
  }
}
