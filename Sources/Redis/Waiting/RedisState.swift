import Synchronization

/// How a connection that renews itself is doing.
public enum RedisState: Sendable, Equatable {
  case connected
  /// It is gone, or could not be made; another attempt follows.
  case lost(RedisError)
  case retrying(inMilliseconds: Int)
  case closed
}

/// Tells several listeners; one that comes later first hears the latest.
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

  /// Ends with the broadcast. A listener that lags far behind loses the oldest.
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
