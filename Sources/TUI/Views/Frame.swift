/// Draws boxes with titles.
enum Frame {
  static func draw(
    _ area: Rectangle, title: Line, isFocused: Bool, theme: Theme, on buffer: inout CellBuffer
  ) {
    guard area.columns >= 2, area.rows >= 2 else { return }
    let style = isFocused ? Style(foreground: theme.accentColor) : theme.border
    let box = isFocused ? theme.focusedBox : theme.box
    func line(_ row: Int, _ height: Int, _ column: Int, _ width: Int, _ scalar: Unicode.Scalar) {
      let place = Rectangle(column: column, row: row, columns: width, rows: height)
      buffer.fill(place, with: scalar, style: style)
    }
    let (right, bottom) = (area.endColumn - 1, area.endRow - 1)
    line(area.row, 1, area.column, area.columns, box.horizontal)
    line(bottom, 1, area.column, area.columns, box.horizontal)
    line(area.row, area.rows, area.column, 1, box.vertical)
    line(area.row, area.rows, right, 1, box.vertical)
    line(area.row, 1, area.column, 1, box.upperLeft)
    line(area.row, 1, right, 1, box.upperRight)
    line(bottom, 1, area.column, 1, box.lowerLeft)
    line(bottom, 1, right, 1, box.lowerRight)
    let shown = title.cut(to: area.columns - 4, ellipsis: theme.ellipsis)
    var padded = Line(" ", style)
    padded.append(shown)
    padded.append(" ", style)
    buffer.write(padded, at: Point(column: area.column + 1, row: area.row), width: area.columns - 2)
  }

  /// Draws a line with a title across a box.
  static func drawDivider(
    row: Int, title: String, in area: Rectangle, isFocused: Bool, theme: Theme,
    on buffer: inout CellBuffer
  ) {
    let place = Rectangle(column: area.column, row: row, columns: area.columns, rows: 1)
    buffer.fill(place, with: theme.box.horizontal, style: theme.border)
    let style = isFocused ? Style(foreground: theme.accentColor) : theme.border
    let tees = theme.ascii ? ("+", "+") : ("├", "┤")
    buffer.write(tees.0, at: Point(column: area.column, row: row), style: style)
    buffer.write(tees.1, at: Point(column: area.endColumn - 1, row: row), style: style)
    let start = Point(column: area.column + 2, row: row)
    buffer.write(
      " " + Truncation.end(title, area.columns - 6, ellipsis: theme.ellipsis) + " ", at: start,
      style: theme.dim)
  }

  /// Marks the selected row: the whole row in the focused pane, a mark before it elsewhere.
  static func markCursor(
    row: Int, in area: Rectangle, isFocused: Bool, theme: Theme, on buffer: inout CellBuffer
  ) {
    guard (area.inset().row..<area.inset().endRow).contains(row) else { return }
    let inner = area.inset()
    if isFocused {
      let place = Rectangle(column: inner.column, row: row, columns: inner.columns, rows: 1)
      buffer.restyle(place) { theme.markCursor(&$0, on: $1) }
    }
    if !isFocused || theme.marksCursor {
      let start = Point(column: inner.column, row: row)
      buffer.write(theme.cursorMark, at: start, style: Style(foreground: theme.accentColor))
      guard isFocused else { return }
      let place = Rectangle(column: inner.column, row: row, columns: 1, rows: 1)
      buffer.restyle(place) { theme.markCursor(&$0, on: $1) }
    }
  }

  /// Draws a scroll bar on the right border; nothing if everything is visible.
  static func drawScroll(
    top: Int, height: Int, count: Int, in area: Rectangle, theme: Theme,
    on buffer: inout CellBuffer
  ) {
    guard count > height, height > 2 else { return }
    let length = max(1, height * height / count)
    let start = (height - length) * top / max(1, count - height)
    for row in 0..<length {
      buffer.write(
        theme.ascii ? "#" : "┃",
        at: Point(column: area.endColumn - 1, row: area.row + 1 + min(start + row, height - 1)),
        style: theme.dim)
    }
  }

  /// Draws one line in the middle of an empty pane.
  static func drawEmpty(
    _ text: String, in area: Rectangle, theme: Theme, on buffer: inout CellBuffer
  ) {
    let inner = area.inset(padding: 1)
    let shown = Truncation.end(text, inner.columns, ellipsis: theme.ellipsis)
    buffer.write(shown, at: Point(column: inner.column, row: inner.row), style: theme.dim)
  }
}

extension Line {
  /// Cut at its end.
  func cut(to columns: Int, ellipsis: String) -> Line {
    guard width > columns else { return self }
    var line = Line()
    let available = max(0, columns - DisplayWidth.of(ellipsis))
    for run in runs {
      let left = available - line.width
      if DisplayWidth.of(run.text) <= left {
        line.append(run.text, run.style)
      } else {
        line.append(
          Truncation.end(run.text, left + DisplayWidth.of(ellipsis), ellipsis: ellipsis), run.style)
        break
      }
    }
    return line
  }
}

/// Draws the lines from `top` on in a box.
enum ScrolledLines {
  static func draw(
    _ lines: [Line], from top: Int, in area: Rectangle, theme: Theme, on buffer: inout CellBuffer
  ) {
    let inner = area.inset(padding: 1)
    let top = min(top, max(0, lines.count - inner.rows))
    for offset in 0..<inner.rows {
      guard let line = lines[guarding: top + offset] else { break }
      buffer.write(
        line.cut(to: inner.columns, ellipsis: theme.ellipsis),
        at: Point(column: inner.column, row: inner.row + offset), width: inner.columns)
    }
    Frame.drawScroll(
      top: top, height: inner.rows, count: lines.count, in: area, theme: theme, on: &buffer)
  }
}
