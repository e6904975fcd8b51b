/// Decodes UTF-8 byte by byte; each maximal invalid part becomes one U+FFFD.
struct UTF8Decoder {
  private var value: UInt32 = 0
  private var missing = 0
  /// The range of the next continuation byte; excludes overlong forms, surrogates, >
  /// U+10FFFF.
  private var low: UInt8 = 0x80
  private var high: UInt8 = 0xBF

  var isIdle: Bool { missing == 0 }

  /// Returns what the byte completes: an invalid part, a scalar, or both.
  mutating func feed(_ byte: UInt8) -> (invalid: Unicode.Scalar?, scalar: Unicode.Scalar?) {
    guard missing > 0 else { return (nil, begin(byte)) }
    if (low...high).contains(byte) { return (nil, handle(byte)) }
    missing = 0
    return ("\u{FFFD}", begin(byte))
  }

  private mutating func handle(_ byte: UInt8) -> Unicode.Scalar? {
    value = value << 6 | UInt32(byte & 0x3F)
    missing -= 1
    (low, high) = (0x80, 0xBF)
    return missing == 0 ? Unicode.Scalar(value) ?? "\u{FFFD}" : nil
  }

  private mutating func begin(_ byte: UInt8) -> Unicode.Scalar? {
    (low, high) = (0x80, 0xBF)
    switch byte {
    case 0..<0x80: return Unicode.Scalar(byte)
    case 0xC2...0xDF: (value, missing) = (UInt32(byte & 0x1F), 1)
    case 0xE0...0xEF:
      (value, missing) = (UInt32(byte & 0x0F), 2)
      if byte == 0xE0 { low = 0xA0 }
      if byte == 0xED { high = 0x9F }
    case 0xF0...0xF4:
      (value, missing) = (UInt32(byte & 0x07), 3)
      if byte == 0xF0 { low = 0x90 }
      if byte == 0xF4 { high = 0x8F }
    default: return "\u{FFFD}"
    }
    return nil
  }
}
