/// Finds the last occurrence of some bytes in text that is read backwards, in linear time
/// (Knuth–Morris–Pratt).
struct BackwardFinder {
  /// The bytes to find, reversed.
  private let wanted: [UInt8]
  /// The failure function: how many bytes still match when the next one does not.
  private let fallback: [Int]
  private var fitting = 0

  init(_ bytes: [UInt8]) {
    wanted = bytes.reversed()
    var fallback = Array(repeating: 0, count: wanted.count)
    var length = 0
    for index in wanted.indices.dropFirst() {
      while length > 0, wanted[index] != wanted[length] { length = fallback[length - 1] }
      if wanted[index] == wanted[length] { length += 1 }
      fallback[index] = length
    }
    self.fallback = fallback
  }

  /// Searches the piece before the previous one. Returns the offset of the match in it.
  mutating func search(_ piece: [UInt8]) -> Int? {
    for index in piece.indices.reversed() {
      while fitting > 0, piece[index] != wanted[fitting] { fitting = fallback[fitting - 1] }
      if piece[index] == wanted[fitting] { fitting += 1 }
      if fitting == wanted.count { return index }
    }
    return nil
  }
}
