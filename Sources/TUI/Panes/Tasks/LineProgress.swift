/// The progress in an output line: `65%`, `12/40`, `12 of 40`.
///
/// | line | progress |
/// |---|---|
/// | `fastp 65%  2.1 M reads/s`, `65.5 %` | 0.65 |
/// | `12/40 tiles`, `[12/40]`, `12 of 40` | 0.3 |
/// | `2024/05/01`, `bin/12/40`, `41/40`, `120%` | none |
enum LineProgress {
  /// The progress from 0 to 1; the last figure of the line counts.
  static func part(in line: String) -> Double? {
    let bytes = Array(line.utf8.suffix(400))
    var place = bytes.count
    while place > 0 {
      place -= 1
      let found =
        switch bytes[place] {
        case UInt8(ascii: "%"): percentage(bytes, before: place)
        case UInt8(ascii: "/"): share(bytes, before: place, after: place + 1)
        case UInt8(ascii: "f") where isOf(bytes, place):
          share(bytes, before: place - 2, after: place + 2)
        default: Double?.none
        }
      if let found { return found }
    }
    return nil
  }

  private static func percentage(_ bytes: [UInt8], before place: Int) -> Double? {
    var end = place
    if end > 0, bytes[end - 1] == UInt8(ascii: " ") { end -= 1 }
    guard let (value, start) = number(bytes, endingAt: end, mayHavePoint: true),
      start == 0 || !continuesNumber(bytes[start - 1]), value <= 100
    else { return nil }
    return value / 100
  }

  private static func share(_ bytes: [UInt8], before end: Int, after start: Int) -> Double? {
    guard let (part, first) = number(bytes, endingAt: end, mayHavePoint: false) else {
      return nil
    }
    let digits = bytes[min(start, bytes.count)...].prefix(12).prefix { isDigit($0) }
    guard let whole = Double(String(decoding: digits, as: UTF8.self)), whole > 1, part <= whole,
      first == 0 || !joins(bytes[first - 1])
    else { return nil }
    let next = start + digits.count
    return next < bytes.count && joins(bytes[next]) ? nil : part / whole
  }

  /// Whether ` of ` is between numbers; `place` is the position of its `f`.
  private static func isOf(_ bytes: [UInt8], _ place: Int) -> Bool {
    place >= 3 && place + 2 < bytes.count && bytes[place - 1] == UInt8(ascii: "o")
      && bytes[place - 2] == UInt8(ascii: " ") && bytes[place + 1] == UInt8(ascii: " ")
  }

  /// The number whose last digit is before `end`, and where it begins.
  private static func number(
    _ bytes: [UInt8], endingAt end: Int, mayHavePoint: Bool
  ) -> (Double, Int)? {
    var start = end
    while start > 0, end - start < 12,
      isDigit(bytes[start - 1]) || mayHavePoint && bytes[start - 1] == UInt8(ascii: ".")
    { start -= 1 }
    guard let value = Double(String(decoding: bytes[start..<end], as: UTF8.self)) else {
      return nil
    }
    return (value, start)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  private static func continuesNumber(_ byte: UInt8) -> Bool {
    isDigit(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
  }

  /// Bytes that make a date, a path or a name of two numbers with a slash.
  private static func joins(_ byte: UInt8) -> Bool {
    isDigit(byte) || (0x41...0x5A).contains(byte & 0xDF) || "/-_.:~".utf8.contains(byte)
  }
}
