internal import Glibc

/// Makes lines to keep of the raw bytes of one output stream.
///
/// Tabs go to the next multiple of eight, a carriage return starts the line afresh (a progress bar
/// shows its last state), a backspace takes back a character once another one follows, colours go
/// on over line ends as on a terminal. A line is cut after ``maximumColumns``: whole outputs are in
/// the executor's log file.
///
/// Most lines of most jobs are plain ASCII; those are handed on without being copied.
struct LogLineParser {
  static let maximumColumns = 10_000
  /// Marks that take no column must not make a line grow for ever.
  static let maximumBytes = 4 * maximumColumns
  private static let cutMark = Array(" [cut]".utf8)

  private var escapes = EscapeParser()
  private var style = Style.plain
  private var styleNumber = 0
  /// What came after the last line feed.
  private(set) var line = KeptLine()
  private var isCut = false
  /// A carriage return came; whatever is printed next replaces the line.
  private var returned = false
  private var backspaces = 0

  /// Where finished lines go: their bytes and traits.
  typealias Sink = (UnsafeBufferPointer<UInt8>, KeptLine.Traits) -> Void

  /// Takes bytes and hands on the lines that they completed.
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
          take(bytes[place], &styles, sink)
          place += 1
        }
      }
    }
  }

  /// Makes a line of what has no line feed at its end.
  mutating func finish(_ sink: Sink) {
    if !line.isEmpty { emit(sink) }
  }

  /// Ends the line under way, of which the rest is left out: what comes next is another line. A
  /// state of a progress bar that is whole needs no mark. Says whether there was a line.
  mutating func cut(_ sink: Sink) -> Bool {
    let wasThere = !line.isEmpty
    isCut = isCut || !returned
    if wasThere { emit(sink) }
    clear()
    escapes = EscapeParser()
    return wasThere
  }

  /// Nothing of what came before has an effect on the next line.
  private var isAtStart: Bool {
    line.isEmpty && styleNumber == 0 && !returned && backspaces == 0 && escapes.isIdle
  }

  /// How many bytes of printable ASCII there are from a place on.
  private static func plainCount(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    var place = start
    while place < bytes.count, bytes[place] &- 0x20 < 0x5F { place += 1 }
    return place - start
  }

  private mutating func take(_ byte: UInt8, _ styles: inout StyleTable, _ sink: Sink) {
    var events: [EscapeParser.Event] = []
    escapes.feed(byte) { events.append($0) }
    for event in events {
      switch event {
      case .text(let scalar): show(scalar)
      case .tab:
        show(ascii: repeatElement(0x20, count: 8 - (returned ? 0 : line.columns) % 8)[...])
      case .carriageReturn: returned = true
      case .backspace: backspaces += returned ? 0 : 1
      case .style(let parameters):
        style.apply(sgr: parameters)
        styleNumber = styles.number(of: style)
      case .lineFeed: emit(sink)
      }
    }
  }

  private mutating func show(ascii text: some Collection<UInt8>) {
    prepare()
    let room = Self.maximumColumns - line.columns
    if text.count > room { isCut = true }
    line.append(ascii: text.prefix(max(0, room)), style: styleNumber)
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

  /// Does what a carriage return and backspaces left to the text behind them.
  private mutating func prepare() {
    if returned { clear() }
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
    returned = false
    backspaces = 0
  }
}
