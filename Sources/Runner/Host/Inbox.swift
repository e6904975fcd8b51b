import Synchronization

/// Many senders, one asynchronous receiver that takes everything there is at once: what arrived
/// together is committed together.
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

  /// What is there now, without waiting.
  func takeAll() -> [Element] {
    state.withLock { state in
      defer { state.elements = [] }
      return state.elements
    }
  }

  /// Waits until there is something; never empty.
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
