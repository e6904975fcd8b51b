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
  package mutating func feed(_ bytes: some Sequence<UInt8>) -> [Line] {
    var lines: [Line] = []
    for byte in bytes {
      var events: [EscapeParser.Event] = []
      escapes.feed(byte) { events.append($0) }
      for event in events {
        if let line = take(event) { lines.append(line) }
      }
    }
    return lines
  }

  private mutating func take(_ event: EscapeParser.Event) -> Line? {
    switch event {
    case .text(let scalar): print(String(Character(scalar)))
    case .tab: print(String(repeating: " ", count: 8 - line.width % 8))
    case .carriageReturn: returned = true
    case .backspace: break
    case .style(let parameters): style.apply(sgr: parameters)
    case .lineFeed: return finish()
    }
    return nil
  }

  private mutating func print(_ text: String) {
    if returned {
      returned = false
      clear()
    }
    guard !isCut else { return }
    if line.width >= Self.maximumColumns {
      isCut = true
      line.append(" [cut]")
    } else {
      line.append(text, style)
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
