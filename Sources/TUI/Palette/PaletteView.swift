/// The list of commands above the prompt: matches, help, keys.
enum PaletteView {
  static func draw(_ model: Model, in layout: Layout, on buffer: inout CellBuffer) {
    guard let prompt = model.prompt, prompt.purpose == .command, !layout.body.isEmpty else {
      return
    }
    let theme = model.theme
    let entries = model.paletteEntries(for: prompt.field.text)
    let body = layout.body
    let rows = min(max(1, entries.count), max(3, body.rows / 2))
    let area = Rectangle(
      column: body.column, row: body.endRow - rows - 2, columns: min(body.columns, 110),
      rows: rows + 2)
    buffer.fill(area)
    let title = Line("Commands \(theme.dot) Tab completes, Up shows earlier ones", theme.accent)
    Frame.draw(area, title: title, isFocused: true, theme: theme, on: &buffer)
    guard !entries.isEmpty else {
      return Frame.drawEmpty("no matching command", in: area, theme: theme, on: &buffer)
    }
    for (offset, entry) in entries.prefix(rows).enumerated() {
      let place = Point(column: area.column + 2, row: area.row + 1 + offset)
      buffer.write(line(of: entry, area.columns - 4, theme), at: place, width: area.columns - 4)
    }
    Frame.drawScroll(
      top: 0, height: rows, count: entries.count, in: area, theme: theme, on: &buffer)
  }

  private static func line(of entry: PaletteEntry, _ columns: Int, _ theme: Theme) -> Line {
    let isPossible = entry.objection == nil
    let keys = 12
    let name = columns >= 80 ? 40 : 18
    var line = Line(entry.name, isPossible ? theme.key : theme.dim)
    if columns >= 80, !entry.usage.isEmpty { line.append(" " + entry.usage, theme.dim) }
    line = line.cut(to: name - 1, ellipsis: theme.ellipsis)
    line.pad(to: name)
    let help = entry.objection ?? entry.help
    line.column(
      help, max(0, columns - name - keys), isPossible ? .plain : theme.dim,
      ellipsis: theme.ellipsis)
    line.rightColumn(entry.keys, keys, theme.dim, ellipsis: theme.ellipsis)
    return line
  }
}
