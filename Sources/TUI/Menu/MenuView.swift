/// The menu of actions, above the last row.
enum MenuView {
  private static let keyColumns = 9

  static func draw(_ model: Model, _ menu: ActionMenu, on buffer: inout CellBuffer) {
    let theme = model.theme
    let items = model.items(of: menu)
    let area = area(model, items)
    guard area.rows > 2 else { return }
    buffer.fill(area)
    Frame.draw(
      area, title: Line(model.title(of: menu), theme.accent), isFocused: true, theme: theme,
      on: &buffer)
    let (inner, top) = (area.inset(padding: 1), top(menu, height: area.rows - 2))
    for (offset, item) in items.dropFirst(top).prefix(inner.rows).enumerated() {
      buffer.write(
        line(item, inner.columns, theme),
        at: Point(column: inner.column, row: inner.row + offset), width: inner.columns)
    }
    Frame.markCursor(
      row: inner.row + menu.row - top, in: area, isFocused: true, theme: theme, on: &buffer)
    Frame.drawScroll(
      top: top, height: inner.rows, count: items.count, in: area, theme: theme, on: &buffer)
  }

  static func lines(_ model: Model, _ menu: ActionMenu, columns: Int) -> [Line] {
    model.items(of: menu).map { line($0, columns, model.theme) }
  }

  /// As wide as its longest line, within limits.
  private static func area(_ model: Model, _ items: [ActionMenu.Item]) -> Rectangle {
    let body = model.layout.body
    let rows = min(items.count + 2, body.rows)
    let widest = items.map { line($0, .max, model.theme).width }.max() ?? 0
    return Rectangle(
      column: body.column, row: body.endRow - rows,
      columns: min(body.columns, max(60, widest + 4)), rows: rows)
  }

  private static func top(_ menu: ActionMenu, height: Int) -> Int { max(0, menu.row - height + 1) }

  /// The item at a place of the screen.
  static func item(_ model: Model, _ menu: ActionMenu, at point: Point) -> Int? {
    let items = model.items(of: menu)
    let area = area(model, items)
    guard area.inset().contains(point) else { return nil }
    let row = top(menu, height: area.rows - 2) + point.row - area.row - 1
    return items.indices.contains(row) ? row : nil
  }

  /// The key, the action, and why the action is not possible.
  private static func line(_ item: ActionMenu.Item, _ columns: Int, _ theme: Theme) -> Line {
    let isPossible = item.objection == nil
    var line = Line()
    line.column(item.key, keyColumns, isPossible ? theme.key : theme.dim, ellipsis: theme.ellipsis)
    let available = columns - keyColumns
    guard let objection = item.objection else {
      line.append(Truncation.end(item.text, available, ellipsis: theme.ellipsis))
      return line
    }
    // The reason gets at least half of the width.
    let reason = " \(theme.dot) \(objection)"
    let text = max(available / 2, available - DisplayWidth.of(reason))
    line.append(
      Truncation.end(item.text, min(text, available), ellipsis: theme.ellipsis), theme.dim)
    line.append(
      Truncation.end(reason, columns - line.width, ellipsis: theme.ellipsis),
      theme.dim.adding(.italic))
    return line
  }
}
