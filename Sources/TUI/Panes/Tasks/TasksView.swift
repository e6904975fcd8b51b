internal import Engine
internal import HumanText
internal import Workflow

/// Draws the task table; reads only visible rows.
enum TasksView {
  /// With fewer rows, there are no titles.
  private static let leastForTitles = 9

  /// The rows of the titles.
  static func titleRows(_ rows: Int) -> Int { rows >= leastForTitles ? 1 : 0 }

  static func draw(_ model: Model, in area: Rectangle, on buffer: inout CellBuffer) {
    let inner = area.inset(padding: 1)
    let tasks = model.tasks
    guard tasks.count > 0 else {
      Frame.drawEmpty(emptyText(model), in: area, theme: model.theme, on: &buffer)
      return
    }
    let grid = TaskGrid(model, width: inner.columns)
    let above = titleRows(inner.rows)
    if above > 0 {
      buffer.write(
        titles(model, grid), at: Point(column: inner.column, row: inner.row),
        width: inner.columns)
    }
    for offset in 0..<max(0, inner.rows - above) {
      guard let entry = tasks.entry(at: tasks.window.top + offset) else { break }
      draw(
        entry, model, grid, at: Point(column: inner.column, row: inner.row + above + offset),
        width: inner.columns, on: &buffer)
    }
    if let cursor = tasks.cursor {
      Frame.markCursor(
        row: inner.row + above + cursor - tasks.window.top, in: area,
        isFocused: model.focus == .tasks, theme: model.theme, on: &buffer)
    }
    let hidden = tasks.failuresAbove
    if hidden > 0 {
      let arrow = model.theme.arrow(isDescending: false)
      buffer.write(
        Line(" \(arrow) \(hidden) failed ", model.theme.bad),
        at: Point(column: area.column + 2, row: area.endRow - 1), width: area.columns - 4)
    }
    Frame.drawScroll(
      top: tasks.window.top, height: inner.rows - above, count: tasks.count, in: area,
      theme: model.theme, on: &buffer)
  }

  private static func emptyText(_ model: Model) -> String {
    let tasks = model.tasks
    guard tasks.isFiltered else { return "no tasks yet: the run is starting" }
    let word = tasks.filterText.lowercased()
    if TaskAppearance.allCases.contains(where: { $0.word == word }) {
      return "no task has this name (state:\(word): all \(word) tasks, Esc: all)"
    }
    return "no matching tasks (Esc: show all)"
  }

  private static func draw(
    _ entry: ShownTasks.Entry, _ model: Model, _ grid: TaskGrid, at point: Point, width: Int,
    on buffer: inout CellBuffer
  ) {
    switch entry {
    case .group(let key):
      let line = TaskGroupRow(model, key).line(width: width)
      buffer.write(line, at: point, width: width)
    case .task(let firing):
      buffer.write(TaskRow(model, firing).line(grid), at: point, width: width)
      guard let row = model.tasks.index.row(of: firing), model.tasks.marks.contains(row) else {
        return
      }
      buffer.write(
        model.theme.chosenMark, at: Point(column: point.column - 1, row: point.row),
        style: model.theme.accent)
    }
  }

  /// The titles; the sort column has an arrow.
  private static func titles(_ model: Model, _ grid: TaskGrid) -> Line {
    let (theme, order) = (model.theme, model.tasks.shown.order)
    var line = Line()
    for place in grid.places {
      line.pad(to: place.start)
      let isOrder = place.column == order.column
      let arrow = isOrder ? theme.arrow(isDescending: order.isDescending) : ""
      let width = place.width - arrow.count
      let title = place.column.title
      let text = title.utf8.count <= width ? title : place.column == .tries ? "#" : ""
      let style = isOrder ? Style(foreground: theme.accentColor) : theme.dim
      if place.column.isNumeric {
        line.rightColumn(text + arrow, place.width, style, ellipsis: "")
      } else {
        line.column(text + arrow, place.width, style, ellipsis: "")
      }
    }
    return line
  }
}
