import Synchronization

/// A message of a channel.
public struct RedisPush: Sendable, Equatable {
  public let channel: String
  public let payload: [UInt8]
  /// The pattern that the channel matched, `nil` for a channel subscribed by name.
  public let pattern: String?

  public init(channel: String, payload: [UInt8], pattern: String? = nil) {
    self.channel = channel
    self.payload = payload
    self.pattern = pattern
  }
}

/// Channels and patterns, listened to on a connection of its own, for one consumer.
///
/// Redis keeps nothing for those who are away: between `lost` and `resubscribed` messages are
/// missed, from each `subscribed` on none is. The consumer's pace bounds what is buffered here; one
/// that lags by tens of megabytes is cut off by the server, which shows as `lost`.
public final class RedisSubscription: AsyncSequence, Sendable {
  public enum Event: Sendable, Equatable {
    /// The server confirmed these channels and patterns: from now on nothing of them is missed.
    case subscribed([String])
    /// The connection is gone; messages are missed until `resubscribed`.
    case lost(RedisError)
    /// Everything is subscribed again.
    case resubscribed
    case message(RedisPush)
  }

  public typealias Element = Event
  public typealias Failure = RedisError

  private let listener: Listener<Event>
  private let wishes: SubscriptionWishes

  /// Begins at once. `capacity`: messages buffered for a slow consumer.
  public init(
    _ url: RedisURL, channels: [String] = [], patterns: [String] = [], capacity: Int = 8192,
    patience: RedisPatience = .standard
  ) {
    listener = Listener(url, capacity: capacity, patience: patience)
    wishes = SubscriptionWishes(channels: channels, patterns: patterns)
    listener.start(SubscriptionSession(wishes: wishes))
  }

  deinit { cancel() }

  /// Adds channels and patterns; a `subscribed` event with their names follows.
  public func subscribe(channels: [String] = [], patterns: [String] = []) {
    wishes.add(channels: channels, patterns: patterns)
    listener.wake.wake()
  }

  /// Messages that are already under way may still come.
  public func unsubscribe(channels: [String] = [], patterns: [String] = []) {
    wishes.remove(channels: channels, patterns: patterns)
    listener.wake.wake()
  }

  /// Ends the sequence and the connection at once.
  public func cancel() { listener.mailbox.cancel() }

  public func makeAsyncIterator() -> Iterator { Iterator(subscription: self) }

  /// Cancelling the task that waits here cancels the subscription. Throws when the server refuses
  /// the first login or a channel.
  public struct Iterator: AsyncIteratorProtocol, Sendable {
    let subscription: RedisSubscription

    public func next() async throws(RedisError) -> Event? {
      try await subscription.listener.mailbox.next()
    }

    public func next(isolation: isolated (any Actor)?) async throws(RedisError) -> Event? {
      try await subscription.listener.mailbox.next()
    }
  }
}

/// What the consumer wants, shared with the listening thread.
final class SubscriptionWishes: Sendable {
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

  /// Everything wanted now, for a new connection.
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
