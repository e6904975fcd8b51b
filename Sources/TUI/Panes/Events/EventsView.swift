internal import Engine
internal import HumanText
internal import Workflow

/// The list of events.
enum EventsView {
  static func draw(_ model: Model, in area: Rectangle, on buffer: inout CellBuffer) {
    let inner = area.inset(padding: 1)
    let events = model.events
    guard events.list.count > 0 else {
      let text =
        events.list.pattern != nil || events.list.end > 0
        ? "no matching events (o: other levels, Esc: all)" : "no events yet"
      Frame.drawEmpty(text, in: area, theme: model.theme, on: &buffer)
      return
    }
    let subjectColumns = subjectColumns(model, inner.columns)
    for offset in 0..<inner.rows {
      guard let event = events.list[events.window.top + offset] else { break }
      buffer.write(
        line(event, model, subjectColumns, isNarrow: inner.columns < narrow)
          .cut(to: inner.columns, ellipsis: model.theme.ellipsis),
        at: Point(column: inner.column, row: inner.row + offset), width: inner.columns)
    }
    Frame.markCursor(
      row: inner.row + events.window.cursor - events.window.top, in: area,
      isFocused: model.focus == .events, theme: model.theme, on: &buffer)
    Frame.drawScroll(
      top: events.window.top, height: inner.rows, count: events.list.count, in: area,
      theme: model.theme, on: &buffer)
  }

  /// Wide enough for the names of tasks; it does not change while the list is scrolled.
  private static func subjectColumns(_ model: Model, _ columns: Int) -> Int {
    let widest =
      zip(model.run.graph.stages, model.run.stages).prefix(500).map { stage, state in
        DisplayWidth.of(stage.name.displayName) + "\(state.counts.total)".utf8.count
      }.max() ?? 0
    // A colon, the number of an attempt, and two spaces.
    return min(max(14, widest + 6), max(14, min(columns / 4, 30), columns / 2 - 24))
  }

  /// Below this width, the sign alone says what happened to a task.
  private static let narrow = 58

  private static func line(
    _ event: RunEvent, _ model: Model, _ subjectColumns: Int, isNarrow: Bool
  ) -> Line {
    let theme = model.theme
    let text = EventText(event, in: model.run, timeZoneOffset: model.timeZoneOffset)
    let (symbol, style) = appearance(text.symbol, theme)
    var line = Line(
      Formats.time(milliseconds: event.time, offset: model.timeZoneOffset) + "  ", theme.dim)
    line.append("\(symbol) ", style)
    if !isNarrow || text.subject.isEmpty {
      line.column(text.word, 11, style, ellipsis: theme.ellipsis)
    }
    let end = line.width + (isNarrow && text.subject.isEmpty ? 0 : subjectColumns)
    line.append(Truncation.middle(text.subject, subjectColumns, ellipsis: theme.ellipsis))
    line.pad(to: end + 1)
    // The match of the filter may be in a part that is cut.
    line.append(text.text, theme.dim)
    guard let pattern = model.events.list.pattern else { return line }
    let found = pattern.ranges(in: line.text)
    return line.restyled(found) { theme.markFound(&$0, isCurrent: false, isSearch: true) }
  }

  private static func appearance(_ symbol: EventText.Symbol, _ theme: Theme) -> (String, Style) {
    switch symbol {
    case .task(let appearance): (theme.glyph(appearance), theme.listStyle(appearance))
    case .note: (theme.connected, theme.key)
    case .warning: ("!", theme.warning)
    }
  }
}
