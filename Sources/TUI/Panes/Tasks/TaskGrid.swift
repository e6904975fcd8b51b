internal import Engine
internal import HumanText
internal import Workflow

/// The columns of the task table for a width. The task and its state are always shown; others
/// follow as there is room, and the last line of output gets the rest.
struct TaskGrid: Equatable {
  struct ColumnSpan: Equatable {
    let column: TaskColumn
    let start: Int
    let width: Int

    var end: Int { start + width }
  }

  let places: [ColumnSpan]

  /// In the order in which they appear on wider screens, with their widths, and the width
  /// that must remain for the last line.
  private static let extras: [(column: TaskColumn, width: Int, rest: Int)] = [
    (.time, 8, 0), (.tries, 3, 6), (.host, 0, 20), (.memory, 7, 32), (.cpu, 7, 40),
    (.wait, 7, 48), (.started, 8, 56),
  ]

  init(_ model: Model, width: Int) {
    // The glyph and a space.
    let start = 2
    let name = Self.nameWidth(model, width)
    let state = width >= 64 ? 14 : 11
    let columns =
      Self.chosen(model, name: name, state: state, width: width - start)
      ?? Self.defaultColumns(model, name: name, state: state, width: width - start)
    var places: [ColumnSpan] = []
    var place = start
    for (column, width) in columns {
      places.append(ColumnSpan(column: column, start: place, width: width))
      place += width + 1
    }
    self.places = places
  }

  private static func defaultColumns(
    _ model: Model, name: Int, state: Int, width: Int
  ) -> [(TaskColumn, Int)] {
    var left = width - name - 1 - state
    var columns: [(TaskColumn, Int)] = [(.name, name), (.state, state)]
    for extra in extras {
      let needed = extra.column == .host ? hostWidth(model) : extra.width
      guard needed > 0, left - needed - 1 >= extra.rest else { continue }
      columns.append((extra.column, needed))
      left -= needed + 1
    }
    if left > 4 { columns.append((.lastLine, left - 1)) }
    return columns
  }

  /// The columns of the configuration, in its order, as far as there is room. The name is
  /// always first; the rest goes to the last line.
  private static func chosen(
    _ model: Model, name: Int, state: Int, width: Int
  ) -> [(TaskColumn, Int)]? {
    guard let wanted = model.columns(of: .tasks) else { return nil }
    let named = wanted.compactMap { TaskColumn(rawValue: $0) }.filter { $0 != .name }
    var columns: [(TaskColumn, Int)] = [(.name, name)]
    var left = width - name
    for column in named where column != .lastLine {
      let extra = extras.first { $0.column == column }?.width ?? 0
      let needed = column == .state ? state : column == .host ? hostWidth(model) : extra
      guard needed > 0, left > needed + 1 else { continue }
      columns.append((column, needed))
      left -= needed + 1
    }
    if named.contains(.lastLine), left > 5 { columns.append((.lastLine, left - 2)) }
    return columns
  }

  /// The column at a position, for clicks on titles.
  func column(at place: Int) -> TaskColumn? {
    self.places.last { $0.start <= place }?.column ?? places.first?.column
  }

  private static func nameWidth(_ model: Model, _ width: Int) -> Int {
    let widest = model.run.graph.stages.prefix(500).enumerated().map { index, stage in
      DisplayWidth.of(stage.name.displayName) + 1
        + "\(model.run.stages[guarding: index]?.counts.total ?? 0)".utf8.count
    }
    return min(max(10, widest.max() ?? 10), max(12, width * 3 / 8))
  }

  private static func hostWidth(_ model: Model) -> Int {
    let widest = model.run.workers.map { DisplayWidth.of($0.host.displayName) }.max() ?? 0
    return widest == 0 ? 0 : min(max(4, widest), 16)
  }
}
