/// A string that equals another only byte by byte. Swift compares by canonical equivalence: a
/// composed and a decomposed "é" are one key of a `Dictionary`, but two keys in JSON and two
/// file names.
public struct ExactText: Hashable, Sendable {
  public let string: String

  public init(_ string: String) { self.string = string }

  public static func == (left: Self, right: Self) -> Bool {
    let (left, right) = (left.string.utf8, right.string.utf8)
    guard left.count == right.count else { return false }
    let areEqual = left.withContiguousStorageIfAvailable { left in
      right.withContiguousStorageIfAvailable { left.elementsEqual($0) }
    }
    return areEqual.flatMap { $0 } ?? left.elementsEqual(right)
  }

  public func hash(into hasher: inout Hasher) {
    var string = string
    string.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}
