/// A set of processes as bits; 100,000 take 12 kB.
public struct ProcessSet: Sendable, Equatable {
  public private(set) var count = 0
  private var words: [UInt64]

  public init() { words = [] }

  public init(_ processes: some Sequence<ProcessID>) {
    self.init()
    for process in processes { insert(process) }
  }

  public var isEmpty: Bool { count == 0 }

  public func contains(_ process: ProcessID) -> Bool {
    let word = process.index >> 6
    return words.indices.contains(word) && words[word] & Self.bit(process) != 0
  }

  /// Returns whether the process was not in the set.
  @discardableResult
  public mutating func insert(_ process: ProcessID) -> Bool {
    guard !contains(process) else { return false }
    let word = process.index >> 6
    if word >= words.count {
      words.append(contentsOf: repeatElement(0, count: word + 1 - words.count))
    }
    words[word] |= Self.bit(process)
    count += 1
    return true
  }

  public mutating func remove(_ process: ProcessID) {
    guard contains(process) else { return }
    words[process.index >> 6] &= ~Self.bit(process)
    count -= 1
  }

  public mutating func formUnion(_ other: ProcessSet) {
    for process in other { insert(process) }
  }

  public static func == (left: Self, right: Self) -> Bool {
    left.count == right.count && left.elementsEqual(right)
  }

  private static func bit(_ process: ProcessID) -> UInt64 { 1 << UInt64(process.index & 63) }
}

/// In ascending order.
extension ProcessSet: Sequence {
  public func makeIterator() -> AnyIterator<ProcessID> {
    var next = 0
    var word = words.first ?? 0
    return AnyIterator {
      while word == 0 {
        next += 1
        guard next < words.count else { return nil }
        word = words[next]
      }
      defer { word &= word &- 1 }
      return ProcessID(number: next << 6 + word.trailingZeroBitCount + 1)
    }
  }
}
