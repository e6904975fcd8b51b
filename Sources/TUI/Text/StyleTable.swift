/// The styles of an output, by small numbers; 0 is plain.
///
/// Lines are stored as UTF-8 with a three-byte mark at each change of style: ESC, which stored
/// lines do not contain otherwise, and the number in two non-ASCII bytes of six bits each. So a
/// search for plain text never matches within a mark.
struct StyleTable {
  static let mark: UInt8 = 0x1B
  /// Further styles are shown plain.
  static let limit = 4096

  private var styles: [Style] = [.plain]
  private var numbers: [Style: Int] = [.plain: 0]

  mutating func number(of style: Style) -> Int {
    if let number = numbers[style] { return number }
    guard styles.count < Self.limit else { return 0 }
    numbers[style] = styles.count
    styles.append(style)
    return styles.count - 1
  }

  subscript(number: Int) -> Style { styles[guarding: number] ?? .plain }

  static func appendMark(_ number: Int, to bytes: inout [UInt8]) {
    bytes.append(mark)
    bytes.append(0x80 | UInt8(truncatingIfNeeded: number >> 6 & 0x3F))
    bytes.append(0x80 | UInt8(truncatingIfNeeded: number & 0x3F))
  }

  /// Decodes a stored line.
  func line(_ bytes: some Sequence<UInt8>) -> Line {
    var line = Line()
    var text: [UInt8] = []
    var style = Style.plain
    var number = 0
    var missing = 0
    for byte in bytes {
      if missing > 0 {
        number = number << 6 | Int(byte & 0x3F)
        missing -= 1
        if missing == 0 { style = self[number] }
      } else if byte == Self.mark {
        line.append(String(decoding: text, as: UTF8.self), style)
        text.removeAll(keepingCapacity: true)
        (number, missing) = (0, 2)
      } else {
        text.append(byte)
      }
    }
    line.append(String(decoding: text, as: UTF8.self), style)
    return line
  }

  /// The text without marks.
  static func plain(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    var plain: [UInt8] = []
    var isInMark = 0
    for byte in bytes {
      if isInMark > 0 {
        isInMark -= 1
      } else if byte == mark {
        isInMark = 2
      } else {
        plain.append(byte)
      }
    }
    return plain
  }
}
