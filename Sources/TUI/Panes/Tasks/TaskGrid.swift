internal import Engine
internal import HumanText
internal import Workflow

/// The columns of the task table for a width and the rows that it shows.
///
/// The order is: task, state, message, others, time, attempt. The message of a failed task
/// comes first: for it, the name gives way, and others are left out. A column that is empty in
/// all shown rows is absent.
struct TaskGrid: Equatable {
  struct ColumnSpan: Equatable {
    let column: TaskColumn
    let start: Int
    let width: Int

    var end: Int { start + width }
  }

  let places: [ColumnSpan]

  /// The columns between message and time, with the width that must remain for the message.
  private static let extras: [(column: TaskColumn, messageWidth: Int)] = [
    (.host, 20), (.memory, 32), (.cpu, 40), (.wait, 48), (.started, 56),
  ]

  /// Spaces after each of them, so that figures do not run together.
  private static let gap = 2

  /// The grid for the rows on the screen.
  init(_ model: Model, width: Int) {
    let height = model.layout.height(.tasks)
    self.init(
      model, width: width, rows: (0..<height).compactMap { model.tasks.firingOnScreen($0) })
  }

  /// Without titles, only columns that need none.
  init(_ model: Model, width: Int, rows: [FiringID], hasTitles: Bool = true) {
    let content = GridContent(model, rows.map { TaskRow(model, $0) })
    // The glyph and a space.
    let start = 2
    let columns =
      Self.chosen(model, content, width: width - start)
      ?? Self.defaultColumns(model, content, width: width - start, hasTitles: hasTitles)
    var places: [ColumnSpan] = []
    var place = start
    for (column, width) in columns {
      let isSpaced = Self.extras.contains { $0.column == column }
      places.append(ColumnSpan(column: column, start: place, width: width))
      place += width + (isSpaced ? Self.gap : 1)
    }
    self.places = places
  }

  private static func defaultColumns(
    _ model: Model, _ content: GridContent, width: Int, hasTitles: Bool
  ) -> [(TaskColumn, Int)] {
    let state = min(content[.state], width >= 64 ? 22 : 14)
    let last = [TaskColumn.time, .tries].map { ($0, content[$0]) }.filter { $0.1 > 0 }
    // Before the message: name, state and a blank after each; after it the last columns.
    let fixed = state + 2 + last.reduce(0) { $0 + $1.1 + 1 }
    // A message that is too long anyway must not shorten names.
    let message = min(content.message, max(60, width * 2 / 3))
    let widest = nameWidth(model, width, rest: width - fixed - message)
    let name = hasTitles ? widest : min(widest, content[.name])
    var left = width - fixed - name
    var columns: [(TaskColumn, Int)] = [(.name, name), (.state, state)]
    guard left > 4 else { return columns + last.prefix(left < 0 ? 0 : last.count) }
    var others: [(TaskColumn, Int)] = []
    for extra in extras where content[extra.column] > 0 && (hasTitles || extra.column == .host) {
      let needed = content[extra.column]
      guard left - needed - gap >= max(extra.messageWidth, min(content.message, 100)) else { break }
      others.append((extra.column, needed))
      left -= needed + gap
    }
    columns.append((.lastLine, left))
    return columns + others + last
  }

  /// The columns of the configuration, in its order, as far as there is room. The name is
  /// always first; the rest goes to the last line.
  private static func chosen(
    _ model: Model, _ content: GridContent, width: Int
  ) -> [(TaskColumn, Int)]? {
    guard let wanted = model.columns(of: .tasks) else { return nil }
    let named = wanted.compactMap { TaskColumn(rawValue: $0) }.filter { $0 != .name }
    let name = nameWidth(model, width, rest: .max)
    var columns: [(TaskColumn, Int)] = [(.name, name)]
    var left = width - name
    for column in named where column != .lastLine {
      let needed = content[column]
      let after = extras.contains { $0.column == column } ? gap : 1
      guard needed > 0, left > needed + after else { continue }
      columns.append((column, needed))
      left -= needed + after
    }
    if named.contains(.lastLine), left > 5 { columns.append((.lastLine, left - 1)) }
    return columns
  }

  /// The column at a position, for clicks on titles.
  func column(at place: Int) -> TaskColumn? {
    self.places.last { $0.start <= place }?.column ?? places.first?.column
  }

  private static let leastName = 12

  /// Wide enough for every task, so that it does not change while the table is scrolled; less
  /// if only `rest` columns remain beside the message.
  private static func nameWidth(_ model: Model, _ width: Int, rest: Int) -> Int {
    let widest = model.run.graph.stages.prefix(500).enumerated().map { index, stage in
      DisplayWidth.of(stage.name.displayName) + 1
        + "\(model.run.stages[guarding: index]?.counts.total ?? 0)".utf8.count
    }
    let whole = min(max(10, widest.max() ?? 10), max(12, width * 3 / 8))
    return min(whole, max(leastName, rest))
  }
}

/// The widths that the shown rows need: of each column, and of the longest message.
private struct GridContent {
  private var widths = [Int](repeating: 0, count: TaskColumn.allCases.count)
  /// The width of the longest message of a failed task.
  private(set) var message = 0

  private static let titled: [TaskColumn: Int] = [.time: 6, .state: 8, .started: 8]

  init(_ model: Model, _ rows: [TaskRow]) {
    for row in rows {
      if row.isFailed { message = max(message, DisplayWidth.of(row.message)) }
      self[.name] = max(self[.name], DisplayWidth.of(model.run.label(row.firing)))
      for column in TaskColumn.allCases where column != .lastLine && column != .name {
        let width = DisplayWidth.of(row.text(column))
        guard width > 0 else { continue }
        let minimum = column == .tries ? 2 : max(column.title.utf8.count, Self.titled[column] ?? 0)
        self[column] = max(self[column], width, minimum)
      }
    }
    self[.state] = max(self[.state], 8)
    self[.host] = min(self[.host], 16)
  }

  subscript(column: TaskColumn) -> Int {
    get { widths[column.place] }
    set { widths[column.place] = newValue }
  }
}

extension TaskColumn {
  fileprivate var place: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
