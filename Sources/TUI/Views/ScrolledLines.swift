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
