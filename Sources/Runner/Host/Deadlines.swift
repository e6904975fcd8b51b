import HeapModule

/// Deadlines by their time, in a heap: with ten thousand retries scheduled, setting another
/// deadline must not search all of them.
struct Deadlines {
  private struct Entry: Comparable {
    let time: Int
    /// If two deadlines have the same time, the one that was set first comes first.
    let order: Int
    let deadline: HostLoop.Deadline

    static func < (left: Entry, right: Entry) -> Bool {
      (left.time, left.order) < (right.time, right.order)
    }

    static func == (left: Entry, right: Entry) -> Bool { left.order == right.order }
  }

  /// Also has the former times of deadlines that were moved.
  private var heap = Heap<Entry>()
  /// The order of the valid entry of each deadline.
  private var current: [HostLoop.Deadline: Int] = [:]
  private var count = 0

  /// Sets a deadline, or moves it if it is set already. `time` is in milliseconds of the monotonic
  /// clock.
  mutating func set(_ deadline: HostLoop.Deadline, at time: Int) {
    count += 1
    current[deadline] = count
    heap.insert(Entry(time: time, order: count, deadline: deadline))
  }

  /// The time of the first deadline; `nil` if there is none.
  mutating func nextTime() -> Int? {
    dropMoved()
    return heap.min?.time
  }

  /// Removes and returns the deadlines whose time has come, in order.
  mutating func takeDue(at now: Int) -> [HostLoop.Deadline] {
    var due: [HostLoop.Deadline] = []
    while let time = nextTime(), time <= now {
      let deadline = heap.removeMin().deadline
      current[deadline] = nil
      due.append(deadline)
    }
    return due
  }

  private mutating func dropMoved() {
    while let first = heap.min, current[first.deadline] != first.order { heap.removeMin() }
  }
}
