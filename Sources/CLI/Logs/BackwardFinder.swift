/// Finds the last place of some bytes in text that it is given from behind, in linear time.
struct BackwardFinder {
  /// What is looked for, from its end.
  private let wanted: [UInt8]
  /// How much still fits when the next byte does not, by how much has.
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

  /// Takes the piece before those that it has had; returns the place in it where what is looked for
  /// begins.
  mutating func take(_ piece: [UInt8]) -> Int? {
    for index in piece.indices.reversed() {
      while fitting > 0, piece[index] != wanted[fitting] { fitting = fallback[fitting - 1] }
      if piece[index] == wanted[fitting] { fitting += 1 }
      if fitting == wanted.count { return index }
    }
    return nil
  }
}
