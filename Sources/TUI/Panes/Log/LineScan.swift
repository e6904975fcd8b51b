/// Which lines of a store are wanted, found bit by bit: a store may be large, lines come all the
/// time, and no key press may wait for all of it.
struct LineScan {
  /// Which lines; all conditions must hold.
  struct Wish {
    var streams = StreamChoice.both
    var patterns: [LinePattern] = []
    /// Only what a job wrote; no remarks on what is missing.
    var isOutputOnly = false

    /// Every line is wanted.
    var isEverything: Bool { streams == .both && patterns.isEmpty && !isOutputOnly }
  }

  let wish: Wish
  /// Numbers of the lines found, ascending; those before `head` are forgotten.
  private var numbers: [Int] = []
  private var head = 0
  /// The next line to look at.
  private(set) var next: Int

  init(_ wish: Wish, from start: Int = 0) {
    self.wish = wish
    next = start
  }

  var count: Int { numbers.count - head }

  subscript(index: Int) -> Int? { numbers[guarding: head + index] }

  func isComplete(_ store: LogStore) -> Bool { next >= store.end }

  /// Looks at further lines until their text and what it costs to look at it come to so many bytes.
  mutating func advance(_ store: LogStore, budget: Int) {
    forget(before: store.first)
    let wish = wish
    let costs = wish.patterns.contains(where: \.isRegex) ? 64 : 1
    var left = budget
    var found: [Int] = []
    next = store.visit(next..<store.end) { number, entry, bytes in
      if wish.holds(entry, bytes) { found.append(number) }
      left -= costs * (bytes.count + 16)
      return left > 0
    }
    numbers += found
  }

  /// The index of the first line found that is not before this one; `count` when there is none.
  func index(notBefore number: Int) -> Int {
    var (low, high) = (head, numbers.count)
    while low < high {
      let middle = (low + high) / 2
      if numbers[middle] < number { low = middle + 1 } else { high = middle }
    }
    return low - head
  }

  func contains(_ number: Int) -> Bool { self[index(notBefore: number)] == number }

  private mutating func forget(before first: Int) {
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

extension LineScan.Wish {
  func holds(_ entry: LogStore.Entry, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    switch entry.kind {
    case .output: if streams == .error { return false }
    case .error: if streams == .output { return false }
    case .dropped, .missing, .ended, .remark: return !isOutputOnly && patterns.isEmpty
    }
    return patterns.allSatisfy { $0.isFound(in: bytes, entry.traits) }
  }
}
