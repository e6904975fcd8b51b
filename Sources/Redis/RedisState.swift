import Synchronization

/// The state of a connection that reconnects.
public enum RedisState: Sendable, Equatable {
  case connected
  /// The connection was lost or could not be made; another attempt follows.
  case lost(RedisError)
  case retrying(inMilliseconds: Int)
  case closed
}

/// Sends elements to several listeners; a new listener first gets the latest.
final class Broadcast<Element: Sendable>: Sendable {
  private struct State {
    var listeners: [Int: AsyncStream<Element>.Continuation] = [:]
    var nextKey = 0
    var latest: Element?
    var isFinished = false
  }

  private let state = Mutex(State())

  deinit { finish() }

  func send(_ element: Element) {
    let listeners = state.withLock { state in
      state.latest = element
      return state.listeners.values.map { $0 }
    }
    for listener in listeners { listener.yield(element) }
  }

  var latest: Element? { state.withLock { $0.latest } }

  func finish() {
    let listeners = state.withLock { state in
      state.isFinished = true
      defer { state.listeners = [:] }
      return state.listeners.values.map { $0 }
    }
    for listener in listeners { listener.finish() }
  }

  /// Ends with the broadcast. A slow listener loses the oldest elements.
  func stream() -> AsyncStream<Element> {
    let (stream, continuation) = AsyncStream.makeStream(
      of: Element.self, bufferingPolicy: .bufferingNewest(256))
    let (key, latest, isFinished) = state.withLock { state in
      state.nextKey += 1
      if !state.isFinished { state.listeners[state.nextKey] = continuation }
      return (state.nextKey, state.latest, state.isFinished)
    }
    continuation.onTermination = { [weak self] _ in
      self?.state.withLock { state in _ = state.listeners.removeValue(forKey: key) }
    }
    if let latest { continuation.yield(latest) }
    if isFinished { continuation.finish() }
    return stream
  }
}

/// Growing pauses between attempts, with jitter, so that clients do not reconnect at the same
/// time.
public struct Backoff: Sendable {
  private var limit: Int
  private let longest: Int

  /// In milliseconds; each pause may be twice the previous one.
  public init(first: Int = 20, longest: Int = 1000) {
    limit = first
    self.longest = longest
  }

  /// The next pause: between half of the current limit and all of it.
  public mutating func next() -> Int {
    defer { limit = min(longest, limit * 2) }
    return Int.random(in: limit / 2...limit)
  }
}
