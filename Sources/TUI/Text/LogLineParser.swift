internal import Glibc

/// Splits the raw bytes of an output stream into stored lines.
///
/// Tabs go to the next multiple of eight. A carriage return starts the line again, so a
/// progress bar shows its last state. A backspace removes a character once another one follows.
/// Colours continue over line ends. Lines are cut after ``maximumColumns``; the executor's log
/// file has all.
///
/// Most lines are plain ASCII; they are passed on without copying.
struct LogLineParser {
  static let maximumColumns = 10_000
  /// Limits the zero-width characters of a line.
  static let maximumBytes = 4 * maximumColumns
  private static let cutMark = Array(" [cut]".utf8)

  private var escapes = EscapeParser()
  private var style = Style.plain
  private var styleNumber = 0
  /// The line after the last line feed.
  private(set) var line = KeptLine()
  private var isCut = false
  /// Whether a carriage return came; the next text replaces the line.
  private var hasCarriageReturn = false
  private var backspaces = 0

  /// Receives finished lines: bytes and traits.
  typealias Sink = (UnsafeBufferPointer<UInt8>, KeptLine.Traits) -> Void

  /// Parses bytes and passes on completed lines.
  mutating func feed(_ bytes: [UInt8], _ styles: inout StyleTable, _ sink: Sink) {
    bytes.withUnsafeBufferPointer { bytes in
      var place = 0
      while place < bytes.count {
        let plain = Self.plainCount(bytes, from: place)
        let end = place + plain
        if end < bytes.count, bytes[end] == 0x0A, isAtStart, plain <= Self.maximumColumns {
          sink(UnsafeBufferPointer(rebasing: bytes[place..<end]), [])
          place = end + 1
        } else if plain > 0, escapes.isIdle {
          show(ascii: bytes[place..<end])
          place = end
        } else {
          handle(bytes[place], &styles, sink)
          place += 1
        }
      }
    }
  }

  /// Passes on the last line if it has no line feed.
  mutating func finish(_ sink: Sink) {
    if !line.isEmpty { emit(sink) }
  }

  /// Ends the current line, whose rest was dropped. A complete state of a progress bar needs
  /// no mark. Returns whether there was a line.
  mutating func cut(_ sink: Sink) -> Bool {
    let hadLine = !line.isEmpty
    isCut = isCut || !hasCarriageReturn
    if hadLine { emit(sink) }
    clear()
    escapes = EscapeParser()
    return hadLine
  }

  /// Resets the state between lines.
  private var isAtStart: Bool {
    line.isEmpty && styleNumber == 0 && !hasCarriageReturn && backspaces == 0 && escapes.isIdle
  }

  /// The number of printable ASCII bytes from a position on.
  private static func plainCount(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    var place = start
    while place < bytes.count, bytes[place] &- 0x20 < 0x5F { place += 1 }
    return place - start
  }

  private mutating func handle(_ byte: UInt8, _ styles: inout StyleTable, _ sink: Sink) {
    var events: [EscapeParser.Event] = []
    escapes.feed(byte) { events.append($0) }
    for event in events {
      switch event {
      case .text(let scalar): show(scalar)
      case .tab:
        show(ascii: repeatElement(0x20, count: 8 - (hasCarriageReturn ? 0 : line.columns) % 8)[...])
      case .carriageReturn: hasCarriageReturn = true
      case .backspace: backspaces += hasCarriageReturn ? 0 : 1
      case .style(let parameters):
        style.apply(sgr: parameters)
        styleNumber = styles.number(of: style)
      case .lineFeed: emit(sink)
      }
    }
  }

  private mutating func show(ascii text: some Collection<UInt8>) {
    prepare()
    let available = Self.maximumColumns - line.columns
    if text.count > available { isCut = true }
    line.append(ascii: text.prefix(max(0, available)), style: styleNumber)
  }

  private mutating func show(_ scalar: Unicode.Scalar) {
    prepare()
    let width = DisplayWidth.of(scalar)
    let isFull = line.bytes.count >= Self.maximumBytes
    if isCut || isFull || line.columns + width > Self.maximumColumns {
      isCut = true
    } else {
      line.append(scalar, width: width, style: styleNumber)
    }
  }

  /// Applies a pending carriage return or backspaces.
  private mutating func prepare() {
    if hasCarriageReturn { clear() }
    while backspaces > 0, !isCut {
      line.removeLast()
      backspaces -= 1
    }
  }

  private mutating func emit(_ sink: Sink) {
    if isCut { line.append(ascii: Self.cutMark, style: 0) }
    line.bytes.withUnsafeBufferPointer { sink($0, line.traits) }
    clear()
  }

  private mutating func clear() {
    line.clear()
    isCut = false
    hasCarriageReturn = false
    backspaces = 0
  }
}
