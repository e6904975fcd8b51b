extension JSON {
  /// The text on one line without spaces, with numbers as JavaScript writes them.
  public var text: String { String(decoding: bytes, as: UTF8.self) }

  public var bytes: [UInt8] {
    var output: [UInt8] = []
    write(to: &output)
    return output
  }

  public func write(to output: inout [UInt8]) {
    switch self {
    case .null: output.append(contentsOf: "null".utf8)
    case .bool(let value): output.append(contentsOf: (value ? "true" : "false").utf8)
    case .int(let value): output.append(contentsOf: String(value).utf8)
    case .double(let value): output.append(contentsOf: Self.numberText(value).utf8)
    case .string(let value): Self.writeString(value, to: &output)
    case .array(let elements):
      output.append(UInt8(ascii: "["))
      for (position, element) in elements.enumerated() {
        if position > 0 { output.append(UInt8(ascii: ",")) }
        element.write(to: &output)
      }
      output.append(UInt8(ascii: "]"))
    case .object(let object):
      output.append(UInt8(ascii: "{"))
      for (position, member) in object.members.enumerated() {
        if position > 0 { output.append(UInt8(ascii: ",")) }
        Self.writeString(member.key, to: &output)
        output.append(UInt8(ascii: ":"))
        member.value.write(to: &output)
      }
      output.append(UInt8(ascii: "}"))
    }
  }

  /// The result of JavaScript's `String(value)`, for command arguments and messages.
  public var displayText: String {
    switch self {
    case .string(let value): value
    default: text
    }
  }

  /// NaN and infinity become null, as in JavaScript.
  private static func numberText(_ value: Double) -> String {
    value.isFinite ? JSNumberText.text(value) : "null"
  }

  /// Copies runs without escapes as a whole.
  private static func writeString(_ value: String, to output: inout [UInt8]) {
    output.append(UInt8(ascii: "\""))
    var value = value
    value.withUTF8 { bytes in
      var (start, offset) = (0, 0)
      while offset < bytes.count {
        let length = escapedLength(bytes, at: offset)
        if length > 0 {
          output.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[start..<offset]))
          writeEscape(bytes, at: offset, length, to: &output)
          start = offset + length
        }
        offset += max(1, length)
      }
      output.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[start...]))
    }
    output.append(UInt8(ascii: "\""))
  }

  /// The length of a character to escape at this offset; 0 if it needs no escape.
  ///
  /// Besides the characters that JSON requires: controls of terminals (U+0080 to U+009F),
  /// line separators, bidirectional controls, and invisible characters (U+00AD, U+200B,
  /// U+2060 to U+206F, U+FEFF), because JSON may be printed to a terminal.
  private static func escapedLength(_ bytes: UnsafeBufferPointer<UInt8>, at offset: Int) -> Int {
    let byte = bytes[offset]
    switch byte {
    case 0..<0x20, UInt8(ascii: "\""), UInt8(ascii: "\\"), 0x7F: return 1
    case 0xC2:
      guard offset + 1 < bytes.count else { return 0 }
      return bytes[offset + 1] < 0xA0 || bytes[offset + 1] == 0xAD ? 2 : 0
    case 0xD8:
      return offset + 1 < bytes.count && bytes[offset + 1] == 0x9C ? 2 : 0
    case 0xE2:
      guard offset + 2 < bytes.count else { return 0 }
      switch (bytes[offset + 1], bytes[offset + 2]) {
      case (0x80, 0x8B), (0x80, 0x8E...0x8F), (0x80, 0xA8...0xAE), (0x81, 0xA0...0xAF): return 3
      default: return 0
      }
    case 0xEF:
      guard offset + 2 < bytes.count else { return 0 }
      return bytes[offset + 1] == 0xBB && bytes[offset + 2] == 0xBF ? 3 : 0
    default: return 0
    }
  }

  private static func writeEscape(
    _ bytes: UnsafeBufferPointer<UInt8>, at offset: Int, _ length: Int, to output: inout [UInt8]
  ) {
    let byte = bytes[offset]
    output.append(UInt8(ascii: "\\"))
    switch byte {
    case 0x08: output.append(UInt8(ascii: "b"))
    case 0x09: output.append(UInt8(ascii: "t"))
    case 0x0A: output.append(UInt8(ascii: "n"))
    case 0x0C: output.append(UInt8(ascii: "f"))
    case 0x0D: output.append(UInt8(ascii: "r"))
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): output.append(byte)
    default:
      var scalar = UInt32(byte)
      if length == 2 { scalar = (scalar & 0x1F) << 6 | UInt32(bytes[offset + 1]) & 0x3F }
      if length == 3 {
        let (second, third) = (UInt32(bytes[offset + 1]), UInt32(bytes[offset + 2]))
        scalar = (scalar & 0x0F) << 12 | (second & 0x3F) << 6 | (third & 0x3F)
      }
      output.append(UInt8(ascii: "u"))
      for shift in [12, 8, 4, 0] { output.append(hexDigit(UInt8(scalar >> UInt32(shift) & 15))) }
    }
  }

  private static func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }
}
