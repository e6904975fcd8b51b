/// The edit distance of words, for "did you mean".
package enum EditDistance {
  /// Longer names are not typing errors of each other.
  private static let longest = 64
  /// Limits the time for a file with many errors.
  private static let mostCandidates = 20_000

  /// The first nearest name, if it is similar enough.
  package static func closest(to name: String, among names: some Sequence<String>) -> String? {
    let word = Array(name.utf8)
    guard (1...longest).contains(word.count) else { return nil }
    var best: (name: String, distance: Int)?
    for candidate in names.prefix(mostCandidates) {
      let limit = (best?.distance ?? min(2, (word.count + 1) / 3) + 1) - 1
      if limit < 1 { break }
      let other = candidate.utf8
      if abs(other.count - word.count) > limit || other.count > longest { continue }
      if let distance = distance(word, Array(other), atMost: limit), distance > 0 {
        best = (candidate, distance)
      }
    }
    return best?.name
  }

  /// The number of insertions, deletions and replacements; `nil` beyond the limit.
  private static func distance(_ left: [UInt8], _ right: [UInt8], atMost limit: Int) -> Int? {
    var row = Array(0...right.count)
    for (position, byte) in left.enumerated() {
      var diagonal = row[0]
      row[0] = position + 1
      var minimum = row[0]
      for column in right.indices {
        let cost =
          byte == right[column] ? diagonal : 1 + min(diagonal, row[column], row[column + 1])
        diagonal = row[column + 1]
        row[column + 1] = cost
        minimum = min(minimum, cost)
      }
      if minimum > limit { return nil }
    }
    return row[right.count] <= limit ? row[right.count] : nil
  }
}
