/// UTF-8 in pieces of one byte; each maximal wrong part becomes one U+FFFD.
struct UTF8Decoder {
  private var value: UInt32 = 0
  private var missing = 0
  /// Bounds of the next continuation byte, which refuse overlong forms, surrogates, > U+10FFFF.
  private var low: UInt8 = 0x80
  private var high: UInt8 = 0xBF

  mutating func feed(_ byte: UInt8, _ emit: (Unicode.Scalar) -> Void) {
    if missing > 0 {
      if (low...high).contains(byte) { return take(byte, emit) }
      missing = 0
      emit("\u{FFFD}")
    }
    begin(byte, emit)
  }

  private mutating func take(_ byte: UInt8, _ emit: (Unicode.Scalar) -> Void) {
    value = value << 6 | UInt32(byte & 0x3F)
    missing -= 1
    (low, high) = (0x80, 0xBF)
    if missing == 0 { emit(Unicode.Scalar(value) ?? "\u{FFFD}") }
  }

  private mutating func begin(_ byte: UInt8, _ emit: (Unicode.Scalar) -> Void) {
    (low, high) = (0x80, 0xBF)
    switch byte {
    case 0..<0x80: emit(Unicode.Scalar(byte))
    case 0xC2...0xDF: (value, missing) = (UInt32(byte & 0x1F), 1)
    case 0xE0...0xEF:
      (value, missing) = (UInt32(byte & 0x0F), 2)
      if byte == 0xE0 { low = 0xA0 }
      if byte == 0xED { high = 0x9F }
    case 0xF0...0xF4:
      (value, missing) = (UInt32(byte & 0x07), 3)
      if byte == 0xF0 { low = 0x90 }
      if byte == 0xF4 { high = 0x8F }
    default: emit("\u{FFFD}")
    }
  }
}
