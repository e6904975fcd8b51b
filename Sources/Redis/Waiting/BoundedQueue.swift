import Synchronization

/// A bounded queue from a thread to one asynchronous consumer.
///
/// The thread checks `isFull` before it reads more, so a slow consumer slows down the server
/// instead of filling memory. The wake pipe tells the thread when there is room again.
final class BoundedQueue<Element: Sendable>: Sendable {
  private struct State {
    var elements = Fifo<Element>()
    var waiter: CheckedContinuation<Void, Never>?
    var isEnded = false
    var error: RedisError?
  }

  private enum Next {
    case element(Element)
    case ended(RedisError?)
    case wait
  }

  private let state = Mutex(State())
  private let capacity: Int
  private let wake: WakePipe

  init(capacity: Int, wake: WakePipe) {
    self.capacity = capacity
    self.wake = wake
  }

  var isFull: Bool { state.withLock { $0.elements.count >= capacity } }
  var isEnded: Bool { state.withLock { $0.isEnded } }

  func put(_ element: Element) {
    let waiter = state.withLock { state in
      if !state.isEnded { state.elements.append(element) }
      return state.waiter.take()
    }
    waiter?.resume()
  }

  /// Ends the queue. Remaining elements are delivered, then the error is thrown.
  func finish(throwing error: RedisError? = nil) { end(discarding: false, error) }

  /// Ends the queue at once.
  func cancel() { end(discarding: true, nil) }

  /// The next element; `nil` at the end. Cancelling the consumer's task ends the queue.
  func next() async throws(RedisError) -> Element? {
    while true {
      switch dequeue() {
      case .element(let element): return element
      case .ended(let error?): throw error
      case .ended(nil): return nil
      case .wait: await waitForElement()
      }
    }
  }

  private func dequeue() -> Next {
    let (next, hasRoomAgain) = state.withLock { state -> (Next, Bool) in
      if let element = state.elements.next() {
        return (.element(element), state.elements.count == capacity - 1)
      }
      guard state.isEnded else { return (.wait, false) }
      return (.ended(state.error.take()), false)
    }
    if hasRoomAgain { wake.wake() }
    return next
  }

  private func waitForElement() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { (waiter: CheckedContinuation<Void, Never>) in
        let goesOn = state.withLock { state in
          if state.isEnded || !state.elements.isEmpty { return true }
          precondition(state.waiter == nil, "a queue has one consumer")
          state.waiter = waiter
          return false
        }
        if goesOn { waiter.resume() }
      }
    } onCancel: {
      cancel()
    }
  }

  private func end(discarding: Bool, _ error: RedisError?) {
    let waiter = state.withLock { state in
      if !state.isEnded { state.error = error }
      state.isEnded = true
      if discarding {
        state.elements.removeAll()
        state.error = nil
      }
      return state.waiter.take()
    }
    waiter?.resume()
    wake.wake()
  }
}
