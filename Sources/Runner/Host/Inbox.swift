import Synchronization

/// A queue with many senders and one asynchronous receiver, which gets everything that has arrived
/// at once: what arrived together is committed together.
final class Inbox<Element: Sendable>: Sendable {
  private struct State {
    var elements: [Element] = []
    var receiver: CheckedContinuation<[Element], Never>?
  }

  private let state = Mutex(State())

  func send(_ element: Element) {
    let receiver = state.withLock { state -> CheckedContinuation<[Element], Never>? in
      guard let receiver = state.receiver else {
        state.elements.append(element)
        return nil
      }
      state.receiver = nil
      return receiver
    }
    receiver?.resume(returning: [element])
  }

  /// Returns what has arrived, without waiting.
  func takeAll() -> [Element] {
    state.withLock { state in
      defer { state.elements = [] }
      return state.elements
    }
  }

  /// Waits until something has arrived; never returns an empty array.
  func next() async -> [Element] {
    await withCheckedContinuation { continuation in
      let waiting = state.withLock { state -> [Element] in
        precondition(state.receiver == nil, "an inbox has one receiver")
        if state.elements.isEmpty { state.receiver = continuation }
        defer { state.elements = [] }
        return state.elements
      }
      if !waiting.isEmpty { continuation.resume(returning: waiting) }
    }
  }
}
