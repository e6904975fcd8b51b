/// A set of small numbers with fast counts: size, k-th element, elements before one. Used for
/// the task rows of one state; 100,000 rows take 12 kB.
struct RowSet {
  private var words: [UInt64] = []
  private(set) var count = 0

  func contains(_ row: Int) -> Bool {
    let word = row >> 6
    return word < words.count && words[word] & Self.bit(row) != 0
  }

  mutating func insert(_ row: Int) {
    let word = row >> 6
    if word >= words.count {
      words.append(contentsOf: repeatElement(0, count: word + 1 - words.count))
    }
    guard words[word] & Self.bit(row) == 0 else { return }
    words[word] |= Self.bit(row)
    count += 1
  }

  mutating func remove(_ row: Int) {
    guard contains(row) else { return }
    words[row >> 6] &= ~Self.bit(row)
    count -= 1
  }

  mutating func formUnion(_ other: RowSet) { combine(other) { $0 | $1 } }
  mutating func formIntersection(_ other: RowSet) { combine(other) { $0 & $1 } }
  mutating func subtract(_ other: RowSet) { combine(other) { $0 & ~$1 } }

  private mutating func combine(_ other: RowSet, _ merge: (UInt64, UInt64) -> UInt64) {
    let length = max(words.count, other.words.count)
    words = (0..<length).map { merge(words[guarding: $0] ?? 0, other.words[guarding: $0] ?? 0) }
    count = words.reduce(0) { $0 + $1.nonzeroBitCount }
  }

  /// All rows in order.
  func visit(_ body: (Int) -> Void) {
    for (index, word) in words.enumerated() {
      var word = word
      while word != 0 {
        body(index << 6 + word.trailingZeroBitCount)
        word &= word &- 1
      }
    }
  }

  /// The row with this index.
  func row(atRank rank: Int) -> Int? {
    guard (0..<count).contains(rank) else { return nil }
    var left = rank
    for (index, word) in words.enumerated() {
      let here = word.nonzeroBitCount
      if left < here { return index << 6 + Self.place(ofRank: left, in: word) }
      left -= here
    }
    return nil
  }

  /// The index of a row.
  func rank(of row: Int) -> Int {
    let last = min(row >> 6, words.count)
    var rank = words[..<last].reduce(0) { $0 + $1.nonzeroBitCount }
    if last < words.count { rank += (words[last] & (Self.bit(row) &- 1)).nonzeroBitCount }
    return rank
  }

  private static func bit(_ row: Int) -> UInt64 { 1 << UInt64(row & 63) }

  private static func place(ofRank rank: Int, in word: UInt64) -> Int {
    var word = word
    for _ in 0..<rank { word &= word &- 1 }
    return word.trailingZeroBitCount
  }
}
