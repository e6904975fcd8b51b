/// A line of output in its stored form: see ``StyleTable``.
struct KeptLine: Equatable {
  /// Properties of a line, known without reading it.
  struct Traits: OptionSet {
    let rawValue: UInt8

    /// The line has style marks.
    static let isStyled = Traits(rawValue: 1)
    /// The line has characters beyond ASCII, so columns are not bytes.
    static let isWide = Traits(rawValue: 2)
    /// Its time is unknown.
    static let isUntimed = Traits(rawValue: 4)

    /// Each byte is one column.
    var arePlain: Bool { isDisjoint(with: [.isStyled, .isWide]) }
  }

  private(set) var bytes: [UInt8] = []
  private(set) var columns = 0
  private(set) var traits: Traits = []
  /// Number of the style at the end of `bytes`.
  private var style = 0

  var isEmpty: Bool { bytes.isEmpty }

  /// Empties the line but keeps its memory.
  mutating func clear() {
    bytes.removeAll(keepingCapacity: true)
    columns = 0
    traits = []
    style = 0
  }

  /// Appends printable ASCII.
  mutating func append(ascii text: some Collection<UInt8>, style: Int) {
    mark(style)
    bytes += text
    columns += text.count
  }

  /// Appends a printable scalar.
  mutating func append(_ scalar: Unicode.Scalar, width: Int, style: Int) {
    mark(style)
    bytes += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
    columns += width
    if !scalar.isASCII { traits.insert(.isWide) }
  }

  /// Removes the last character with its combining marks.
  mutating func removeLast() {
    while let scalar = popScalar() {
      let width = DisplayWidth.of(scalar)
      columns -= width
      if width > 0 { return }
    }
  }

  private mutating func mark(_ number: Int) {
    guard number != style else { return }
    StyleTable.appendMark(number, to: &bytes)
    style = number
    traits.insert(.isStyled)
  }

  private mutating func popScalar() -> Unicode.Scalar? {
    while bytes.count >= 3, bytes[bytes.count - 3] == StyleTable.mark {
      bytes.removeLast(3)
      // The style of the rest is unknown; the next text sets its own.
      style = -1
    }
    guard !bytes.isEmpty else { return nil }
    var start = bytes.count - 1
    while start > 0, bytes[start] & 0xC0 == 0x80 { start -= 1 }
    let scalar = String(decoding: bytes[start...], as: UTF8.self).unicodeScalars.first
    bytes.removeSubrange(start...)
    return scalar
  }
}
