/// A string that equals another only byte by byte. Swift's strings compare by canonical
/// equivalence: a composed and a decomposed "é" are one key to a `Dictionary`, but two keys in JSON
/// and two names of files.
public struct ExactText: Hashable, Sendable {
  public let string: String

  public init(_ string: String) { self.string = string }

  public static func == (left: Self, right: Self) -> Bool {
    // The first test is quick and true for nearly all that are equal.
    left.string == right.string
      && left.string.utf8.count == right.string.utf8.count
      && left.string.utf8.elementsEqual(right.string.utf8)
  }

  public func hash(into hasher: inout Hasher) {
    var string = string
    string.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}
