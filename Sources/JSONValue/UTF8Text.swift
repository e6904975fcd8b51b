/// Finds invalid UTF-8: wrong and incomplete sequences, overlong ones, surrogates.
enum UTF8Text {
  /// The offset of the first invalid sequence; `nil` if there is none.
  static func firstInvalid(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Int? {
    var offset = bytes.startIndex
    while offset < bytes.endIndex {
      let length = length(of: bytes, at: offset)
      if length == 0 { return offset }
      offset += length
    }
    return nil
  }

  /// The length of the sequence at the offset; 0 if it is invalid.
  private static func length(of bytes: Slice<UnsafeBufferPointer<UInt8>>, at offset: Int) -> Int {
    let first = bytes[offset]
    let (length, second): (Int, ClosedRange<UInt8>) =
      switch first {
      case 0..<0x80: (1, 0x80...0xBF)
      case 0xC2...0xDF: (2, 0x80...0xBF)
      case 0xE0: (3, 0xA0...0xBF)
      case 0xED: (3, 0x80...0x9F)
      case 0xE1...0xEF: (3, 0x80...0xBF)
      case 0xF0: (4, 0x90...0xBF)
      case 0xF1...0xF3: (4, 0x80...0xBF)
      case 0xF4: (4, 0x80...0x8F)
      default: (0, 0x80...0xBF)
      }
    guard length > 1 else { return length }
    guard offset + length <= bytes.endIndex, second.contains(bytes[offset + 1]) else { return 0 }
    for place in (offset + 2)..<(offset + length) where bytes[place] & 0xC0 != 0x80 { return 0 }
    return length
  }
}

/// A string that equals another only byte by byte. Swift compares by canonical equivalence: a
/// composed and a decomposed "é" are one key of a `Dictionary`, but two keys in JSON and two
/// file names.
public struct ExactText: Hashable, Sendable {
  public let string: String

  public init(_ string: String) { self.string = string }

  public static func == (left: Self, right: Self) -> Bool {
    // Most texts that differ have other lengths, and Swift compares ASCII fast.
    guard left.string.utf8.count == right.string.utf8.count, left.string == right.string else {
      return false
    }
    let (left, right) = (left.string.utf8, right.string.utf8)
    let areEqual = left.withContiguousStorageIfAvailable { left in
      right.withContiguousStorageIfAvailable { right in
        left.indices.allSatisfy { left[$0] == right[$0] }
      }
    }
    return areEqual.flatMap { $0 } ?? left.elementsEqual(right)
  }

  public func hash(into hasher: inout Hasher) {
    var string = string
    string.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}
