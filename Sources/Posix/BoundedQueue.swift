import DequeModule
import Synchronization

/// A queue from any number of threads and tasks to one consumer.
///
/// The limit bounds nothing by itself: producers must check it before they produce more. Then a
/// slow consumer slows them down, and memory does not fill up.
///
/// | side | in a `poll` loop | in a task |
/// |---|---|---|
/// | consumer | waits for its wake pipe, then calls `takeAll` | waits in `next` or `nextAll` |
/// | producer | checks `isFull`, waits for its wake pipe | waits in `waitForSpace` |
public final class BoundedQueue<Element: Sendable, Failure: Error>: Sendable {
  private struct State {
    var elements = Deque<Element>()
    /// The total size of the elements.
    var size = 0
    var consumer: CheckedContinuation<Void, Never>?
    /// Tasks that wait for space, by number.
    var producers: [Int: CheckedContinuation<Void, Never>] = [:]
    var lastProducer = 0
    var isEnded = false
    var failure: Failure?
  }

  private let state = Mutex(State())
  private let limit: Int
  private let size: @Sendable (Element) -> Int
  private let producerWake: WakePipe?
  private let consumerWake: WakePipe?

  /// - Parameters:
  ///   - limit: the size at which the queue is full.
  ///   - producerWake: is woken when there is space again, and at the end.
  ///   - consumerWake: is woken when the queue is no longer empty.
  ///   - size: of an element.
  public init(
    limit: Int = .max, producerWake: WakePipe? = nil, consumerWake: WakePipe? = nil,
    size: @escaping @Sendable (Element) -> Int = { _ in 1 }
  ) {
    self.limit = limit
    self.producerWake = producerWake
    self.consumerWake = consumerWake
    self.size = size
  }

  // MARK: Producers

  public var isFull: Bool { state.withLock { $0.size >= limit } }
  public var isEnded: Bool { state.withLock { $0.isEnded } }

  /// Never waits. Ignored after the end.
  public func send(_ element: Element) {
    let (consumer, isFirst) = state.withLock { state in
      guard !state.isEnded else { return (state.consumer.take(), false) }
      state.elements.append(element)
      state.size += size(element)
      return (state.consumer.take(), state.elements.count == 1)
    }
    consumer?.resume()
    if isFirst { consumerWake?.wake() }
  }

  /// Waits until the queue is not full, or the task is cancelled.
  public func waitForSpace() async {
    let number = state.withLock { state in
      state.lastProducer += 1
      return state.lastProducer
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { (producer: CheckedContinuation<Void, Never>) in
        let mustWait = state.withLock { state in
          guard state.size >= limit, !state.isEnded, !Task.isCancelled else { return false }
          state.producers[number] = producer
          return true
        }
        if !mustWait { producer.resume() }
      }
    } onCancel: {
      state.withLock { $0.producers.removeValue(forKey: number) }?.resume()
    }
  }

  /// Ends the queue. Remaining elements are delivered, then the failure is thrown.
  public func finish(throwing failure: Failure? = nil) { end(discarding: false, failure) }

  /// Ends the queue at once.
  public func cancel() { end(discarding: true, nil) }

  private func end(discarding: Bool, _ failure: Failure?) {
    let (consumer, producers) = state.withLock { state in
      if !state.isEnded { state.failure = failure }
      state.isEnded = true
      if discarding {
        state.elements = []
        state.size = 0
        state.failure = nil
      }
      defer { state.producers = [:] }
      return (state.consumer.take(), state.producers.values)
    }
    consumer?.resume()
    for producer in producers { producer.resume() }
    producerWake?.wake()
    consumerWake?.wake()
  }

  // MARK: The consumer

  /// The next element; `nil` at the end.
  public func next() async throws(Failure) -> Element? {
    try await nextAll(atMost: 1)?.first
  }

  /// Waits until there are elements, and takes all of them; `nil` at the end.
  public func nextAll() async throws(Failure) -> [Element]? {
    try await nextAll(atMost: .max)
  }

  /// What is there now, without waiting.
  public func takeAll() -> [Element] {
    consumerWake?.drain()
    return dequeue(atMost: .max).elements
  }

  private func nextAll(atMost count: Int) async throws(Failure) -> [Element]? {
    while true {
      let (elements, isEnded, failure) = dequeue(atMost: count)
      if !elements.isEmpty { return elements }
      if let failure { throw failure }
      if isEnded { return nil }
      await park()
    }
  }

  private func dequeue(
    atMost count: Int
  ) -> (elements: [Element], isEnded: Bool, failure: Failure?) {
    let (elements, producers, hasSpaceAgain, isEnded, failure) = state.withLock { state in
      let wasFull = state.size >= limit
      let elements: [Element]
      if count >= state.elements.count {
        elements = Array(state.elements)
        state.elements.removeAll(keepingCapacity: state.elements.count <= 1024)
        state.size = 0
      } else {
        elements = Array(state.elements.prefix(count))
        state.elements.removeFirst(count)
        state.size -= elements.reduce(0) { $0 + size($1) }
      }
      let hasSpaceAgain = wasFull && state.size < limit
      let failure = elements.isEmpty && state.isEnded ? state.failure.take() : nil
      defer { if hasSpaceAgain { state.producers = [:] } }
      return (
        elements, hasSpaceAgain ? Array(state.producers.values) : [], hasSpaceAgain,
        state.isEnded, failure
      )
    }
    for producer in producers { producer.resume() }
    if hasSpaceAgain { producerWake?.wake() }
    return (elements, isEnded, failure)
  }

  private func park() async {
    await withCheckedContinuation { (consumer: CheckedContinuation<Void, Never>) in
      let hasElements = state.withLock { state in
        if state.isEnded || !state.elements.isEmpty { return true }
        precondition(state.consumer == nil, "a queue has one consumer")
        state.consumer = consumer
        return false
      }
      if hasElements { consumer.resume() }
    }
  }
}
