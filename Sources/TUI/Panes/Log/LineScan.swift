internal import Algorithms

/// The lines of a store that match, found incrementally: a store may be large and grows all the
/// time, and no key press may wait for all of it.
struct LineScan {
  /// The conditions; all must hold.
  struct Criteria {
    var streams = StreamChoice.both
    var patterns: [LinePattern] = []
    /// Only job output, no remarks about missing output.
    var isOutputOnly = false

    /// Whether every line matches.
    var isEverything: Bool { streams == .both && patterns.isEmpty && !isOutputOnly }
  }

  let criteria: Criteria
  /// Numbers of matching lines, ascending. Elements before `head` are discarded.
  private var numbers: [Int] = []
  private var head = 0
  /// The next line to check.
  private(set) var next: Int

  init(_ criteria: Criteria, from start: Int = 0) {
    self.criteria = criteria
    next = start
  }

  var count: Int { numbers.count - head }

  subscript(index: Int) -> Int? { numbers[guarding: head + index] }

  func isComplete(_ store: LogStore) -> Bool { next >= store.end }

  /// Checks further lines, up to a number of bytes.
  mutating func advance(_ store: LogStore, budget: Int) {
    discard(before: store.first)
    let criteria = criteria
    let costs = criteria.patterns.contains(where: \.isRegex) ? 64 : 1
    var left = budget
    var found: [Int] = []
    next = store.visit(next..<store.end) { number, entry, bytes in
      if criteria.holds(entry, bytes) { found.append(number) }
      left -= costs * (bytes.count + 16)
      return left > 0
    }
    numbers += found
  }

  /// The index of the first match from a line on; `count` if there is none.
  func index(notBefore number: Int) -> Int {
    numbers[head...].partitioningIndex { $0 >= number } - head
  }

  func contains(_ number: Int) -> Bool { self[index(notBefore: number)] == number }

  private mutating func discard(before first: Int) {
    head += index(notBefore: first)
    next = max(next, first)
    guard head > 1024, head > numbers.count / 2 else { return }
    numbers.removeFirst(head)
    head = 0
  }
}

/// Which of a job's streams are shown.
enum StreamChoice: CaseIterable {
  case both, output, error

  var next: StreamChoice {
    switch self {
    case .both: .error
    case .error: .output
    case .output: .both
    }
  }
}

extension LineScan.Criteria {
  func holds(_ entry: LogStore.Entry, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    switch entry.kind {
    case .output: if streams == .error { return false }
    case .error: if streams == .output { return false }
    case .dropped, .missing, .ended, .remark: return !isOutputOnly && patterns.isEmpty
    }
    return patterns.allSatisfy { $0.isFound(in: bytes, entry.traits) }
  }
}
