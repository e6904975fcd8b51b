/// A first-in, first-out queue.
struct Fifo<Element> {
  private var elements: [Element?] = []
  private var taken = 0

  var count: Int { elements.count - taken }
  var isEmpty: Bool { count == 0 }

  mutating func append(_ element: Element) { elements.append(element) }

  mutating func next() -> Element? {
    guard taken < elements.count else { return nil }
    let element = elements[taken].take()
    taken += 1
    // Memory is released when the queue is empty or half used: constant time on average.
    if taken == elements.count {
      elements.removeAll(keepingCapacity: taken <= 1024)
      taken = 0
    } else if taken >= 1024, taken * 2 >= elements.count {
      elements.removeFirst(taken)
      taken = 0
    }
    return element
  }

  mutating func removeAll() { self = Fifo() }
}
