/// Makes styled lines of the raw bytes of one output stream.
///
/// Tabs go to the next multiple of eight, a carriage return starts the line afresh (a progress bar
/// shows its last state), colours go on over line ends as on a terminal. A line is cut after
/// ``maximumColumns``: whole outputs are in the executor's log file.
package struct LogLineParser {
  package static let maximumColumns = 2000

  private var escapes = EscapeParser()
  private var style = Style.plain
  private var line = Line()
  private var isCut = false
  /// A carriage return came; whatever is printed next replaces the line.
  private var returned = false

  package init() {}

  /// What came after the last line feed.
  package var unfinished: Line? { line.runs.isEmpty ? nil : line }

  /// Takes bytes and returns the lines they completed.
  package mutating func feed(_ bytes: [UInt8]) -> [Line] {
    var lines: [Line] = []
    var place = 0
    while place < bytes.count {
      let plain = escapes.isIdle ? bytes[place...].prefix { $0 >= 0x20 && $0 < 0x7F } : []
      if plain.isEmpty {
        var events: [EscapeParser.Event] = []
        escapes.feed(bytes[place]) { events.append($0) }
        for event in events {
          if let line = take(event) { lines.append(line) }
        }
        place += 1
      } else {
        show(String(decoding: plain, as: UTF8.self))
        place += plain.count
      }
    }
    return lines
  }

  private mutating func take(_ event: EscapeParser.Event) -> Line? {
    switch event {
    case .text(let scalar): show(String(Character(scalar)))
    case .tab: show(String(repeating: " ", count: 8 - line.width % 8))
    case .carriageReturn: returned = true
    case .backspace: break
    case .style(let parameters): style.apply(sgr: parameters)
    case .lineFeed: return finish()
    }
    return nil
  }

  private mutating func show(_ text: String) {
    if returned {
      returned = false
      clear()
    }
    guard !isCut else { return }
    let room = Self.maximumColumns - line.width
    if DisplayWidth.of(text) <= room {
      line.append(text, style)
    } else {
      isCut = true
      line.append(Truncation.end(text, room, ellipsis: ""), style)
      line.append(" [cut]")
    }
  }

  private mutating func finish() -> Line {
    defer { clear() }
    returned = false
    return line
  }

  private mutating func clear() {
    line = Line()
    isCut = false
  }
}
