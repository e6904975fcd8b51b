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
