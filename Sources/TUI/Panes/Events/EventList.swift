internal import Algorithms
internal import Engine

/// The latest events of a run, and which of them are shown. Filtered incrementally, because
/// there may be many.
struct EventList {
  static let blockSize = 1000
  /// Events that are kept, in blocks.
  static let blockLimit = 50

  private var blocks: [[RunEvent]] = []
  /// The number of the first event that is kept.
  private(set) var first = 0
  /// The number of the next event.
  private(set) var end = 0

  private(set) var minimum = EventText.Level.job
  private(set) var pattern: LinePattern?
  /// Numbers of the shown events, ascending. Elements before `head` are discarded.
  private var shown: [Int] = []
  private var head = 0
  private var next = 0

  var count: Int { shown.count - head }
  var hasWork: Bool { next < end }

  mutating func append(_ event: RunEvent) {
    if blocks.last.map({ $0.count >= Self.blockSize }) ?? true { blocks.append([]) }
    blocks[blocks.count - 1].append(event)
    end += 1
    guard blocks.count > Self.blockLimit else { return }
    first += blocks.removeFirst().count
  }

  subscript(index: Int) -> RunEvent? {
    guard index >= 0, let number = shown[guarding: head + index] else { return nil }
    return event(number)
  }

  private func event(_ number: Int) -> RunEvent? {
    guard number >= first, number < end else { return nil }
    let place = number - first
    return blocks[place / Self.blockSize][place % Self.blockSize]
  }

  /// Shows events of at least a level that match a pattern.
  mutating func show(_ minimum: EventText.Level, _ pattern: LinePattern?) {
    self.minimum = minimum
    self.pattern = pattern
    shown.removeAll(keepingCapacity: true)
    head = 0
    next = first
  }

  /// Filters further events, at most `budget`. Returns how many were discarded at the front.
  mutating func scan(_ run: RunState, budget: Int) -> Int {
    var discarded = 0
    while let number = shown[guarding: head], number < first {
      head += 1
      discarded += 1
    }
    if head > 10_000 {
      shown.removeFirst(head)
      head = 0
    }
    next = max(next, first)
    let stop = min(end, next + budget)
    while next < stop {
      if let event = event(next), matches(event, run) { shown.append(next) }
      next += 1
    }
    return discarded
  }

  private func matches(_ event: RunEvent, _ run: RunState) -> Bool {
    guard EventText.level(event.change) >= minimum else { return false }
    guard let pattern else { return true }
    return Array(EventText(event, in: run).line.utf8).withUnsafeBufferPointer {
      pattern.isFound(in: $0, [])
    }
  }

  /// The number of the event at an index, and the first index from a number on.
  func number(at index: Int) -> Int? { shown[guarding: head + index] }

  func index(notBefore number: Int) -> Int {
    shown[head...].partitioningIndex { $0 >= number } - head
  }
}
