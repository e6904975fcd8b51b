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
    patience: RedisTimeouts = .standard
  ) {
    listener = Listener(url, capacity: capacity, patience: patience)
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
