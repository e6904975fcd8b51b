internal import Engine
internal import HumanText
internal import Workflow

/// The runs that can be watched; Enter switches to one.
struct RunsPane {
  /// The selected run, by its id.
  fileprivate(set) var cursor = ItemCursor<String>()
  fileprivate var wasRequested = false
}

/// The actions of the keys in the list of runs.
enum RunsAction: String, CaseIterable, Sendable {
  case refresh
}

extension RunsPane: PaneContent {
  static let bindings: [KeyBinding] = [
    KeyBinding(
      .runs(.refresh), .view, [.character("u")], "refresh the list",
      hint: "refresh", isEssential: true)
  ]

  static var opening: String { "watch it" }

  static func notes(_ model: Model) -> [String] {
    guard let runs = model.runs else { return [] }
    return ["\(runs.count)", "\(runs.count { $0.condition.isLive }) live"]
  }

  static func objection(to action: Action, in model: Model) -> String? {
    guard action == .shell(.open) else { return nil }
    guard let entry = model.chosenRun else {
      return model.runsPane.cursor.hasLeftList ? Model.hasLeft : "no run selected"
    }
    if entry.run == model.run.info?.run { return "this run is already shown" }
    return entry.canBeShown ? nil : "its Redis does not answer"
  }

  static func perform(_ action: Action, on model: inout Model) -> [Effect]? {
    switch action {
    case .runs(.refresh): return [.world(.listRuns)]
    case .shell(.open):
      if let objection = model.objectionToUnseen() {
        model.showMessage(objection)
        return []
      }
      guard let entry = model.chosenRun else { return [] }
      model.showMessage("opening \(entry.name.displayName) \(entry.shortID.displayName)")
      return [model.opening(run: entry.run)]
    default: return nil
    }
  }

  static func scroll(by rows: Int, on model: inout Model) {
    let (runs, height) = (ids(model), listRows(model))
    model.runsPane.cursor.move(by: rows, in: runs, height: height)
  }

  static func jump(toEnd: Bool, on model: inout Model) {
    move(to: toEnd ? Int.max / 2 : 0, on: &model)
  }

  static func click(_ place: Point, on model: inout Model) -> [Effect] {
    let row = model.runsPane.cursor.window.top + place.row - 1
    if place.row >= 1, row < model.runs?.count ?? 0 { move(to: row, on: &model) }
    return []
  }

  private static func move(to row: Int, on model: inout Model) {
    let (runs, height) = (ids(model), listRows(model))
    model.runsPane.cursor.move(to: row, in: runs, height: height)
  }

  private static func ids(_ model: Model) -> [String] { model.runs?.map(\.run) ?? [] }
  private static func listRows(_ model: Model) -> Int { max(1, model.layout.height(.runs) - 1) }

  static func target(_ model: Model) -> Target? { model.chosenRun.map { .run($0.run) } }

  static func pin(_ model: inout Model) {
    model.runsPane.cursor.pin()
    model.tasks.pin()
  }

  /// Requests the list whenever the pane becomes visible.
  static func refresh(_ model: inout Model) -> [Effect] {
    let (runs, height) = (ids(model), listRows(model))
    model.runsPane.cursor.refresh(runs, height: height)
    let isShown = model.layout.panes[.runs] != nil
    defer { model.runsPane.wasRequested = isShown }
    return isShown && !model.runsPane.wasRequested ? [.world(.listRuns)] : []
  }

  // MARK: View

  static func draw(_ model: Model, in area: Rectangle, on buffer: inout CellBuffer) {
    let inner = area.inset(padding: 1)
    guard let runs = model.runs, !runs.isEmpty else {
      let text = model.runs == nil ? "loading runs" : "no runs here: \(advice)"
      Frame.drawEmpty(text, in: area, theme: model.theme, on: &buffer)
      return
    }
    let top = model.runsPane.cursor.window.top
    let columns = inner.columns
    var lines = [titles(columns, model.theme)]
    lines += runs.dropFirst(top).prefix(inner.rows - 1).map { line($0, model, columns) }
    if runs.count == 1, runs[0].run == model.run.info?.run, inner.rows > 4 {
      lines += [Line(), Line("  no other run: \(advice)", model.theme.dim)]
    }
    for (offset, line) in lines.enumerated() {
      buffer.write(
        line.cut(to: inner.columns, ellipsis: model.theme.ellipsis),
        at: Point(column: inner.column, row: inner.row + offset), width: inner.columns)
    }
    link(runs, top: top, in: inner, on: &buffer)
    if let cursor = model.runsPane.cursor.row {
      Frame.markCursor(
        row: inner.row + 1 + cursor - top, in: area, isFocused: model.focus == .runs,
        theme: model.theme, on: &buffer)
    }
    Frame.drawScroll(
      top: top, height: inner.rows - 1, count: runs.count, in: area, theme: model.theme,
      on: &buffer)
  }

  /// The directories of runs on known hosts are links.
  private static func link(
    _ runs: [RunEntry], top: Int, in inner: Rectangle, on buffer: inout CellBuffer
  ) {
    for (offset, entry) in runs.dropFirst(top).prefix(inner.rows - 1).enumerated() {
      guard let host = entry.host else { continue }
      let row = Rectangle(
        column: inner.column, row: inner.row + 1 + offset, columns: inner.columns, rows: 1)
      let place = place(entry)
      buffer.link(in: row) {
        $0 == place.displayName ? FileAddress.uri(place, host: host) : nil
      }
    }
  }

  private static let advice = "start one with `hflow-tui run DIR`"

  /// A column of the list and its width.
  private enum Column: CaseIterable {
    case run, name, state, tasks, started, host, place

    var title: String {
      switch self {
      case .run: "run"
      case .name: "name"
      case .state: "state"
      case .tasks: "tasks"
      case .started: "started"
      case .host: "host"
      case .place: "directory"
      }
    }

    /// The columns of a list of this width; the directory gets the rest.
    static func widths(_ columns: Int) -> [(column: Column, width: Int)] {
      let isWide = columns >= 110
      var widths: [(column: Column, width: Int)] = [
        (.run, 6), (.name, isWide ? 22 : 15), (.state, isWide ? 16 : 13),
        (.tasks, isWide ? 14 : 12), (.started, isWide ? 12 : 8),
      ]
      let missing = widths.reduce(2 - columns) { $0 + $1.width }
      if missing > 0 {
        // Without the time, and with shorter names.
        let started = widths.removeLast().width
        widths[1].width -= min(7, max(0, missing - started))
      }
      if isWide { widths.append((.host, 14)) }
      let rest = columns - 2 - widths.reduce(0) { $0 + $1.width }
      if rest >= 12 { widths.append((.place, rest)) }
      return widths
    }
  }

  private static func titles(_ columns: Int, _ theme: Theme) -> Line {
    var line = Line("  ")
    for (column, width) in Column.widths(columns) {
      line.column(column.title, width, theme.dim, ellipsis: "")
    }
    return line
  }

  private static func line(_ entry: RunEntry, _ model: Model, _ columns: Int) -> Line {
    let theme = model.theme
    let isThis = entry.run == model.run.info?.run
    let style = theme.listStyle(entry.condition.appearance)
    var line = Line("\(theme.glyph(entry.condition.appearance)) ", style)
    for (column, width) in Column.widths(columns) {
      let (text, style) = cell(column, width, entry, isThis, model)
      line.column(text, width, style, ellipsis: theme.ellipsis)
    }
    return line
  }

  private static func cell(
    _ column: Column, _ width: Int, _ entry: RunEntry, _ isThis: Bool, _ model: Model
  ) -> (String, Style) {
    let theme = model.theme
    switch column {
    case .run: return (entry.shortID.displayName, isThis ? theme.key : .plain)
    case .name:
      let mark = isThis ? theme.chosenMark + " " : ""
      let name = Truncation.middle(
        entry.name.displayName, width - 1 - DisplayWidth.of(mark), ellipsis: theme.ellipsis)
      return (mark + name, isThis ? theme.strong : .plain)
    case .state:
      return (entry.condition.word, theme.listStyle(entry.condition.appearance))
    case .tasks: return (entry.counts.map { progress($0, width, theme) } ?? "", .plain)
    case .started:
      let age = Formats.age(milliseconds: model.now - entry.startedAt)
      return (width > 8 ? "\(age) ago" : age, theme.dim)
    case .host: return ((entry.host ?? "").displayName, theme.dim)
    case .place:
      let place = Truncation.middle(place(entry).displayName, width, ellipsis: theme.ellipsis)
      return (place, theme.dim)
    }
  }

  /// The workflow's directory; its file if that has another name.
  private static func place(_ entry: RunEntry) -> String {
    let file = "/workflow.json"
    let path = entry.workflowPath
    return path.hasSuffix(file) && path != file ? String(path.dropLast(file.count)) : path
  }

  private static func progress(_ counts: TaskCounts, _ columns: Int, _ theme: Theme) -> String {
    let done = "\(counts.done)/\(counts.total)"
    return done + theme.attention(counts, columns: columns - 1 - done.utf8.count).text
  }
}

extension Model {
  var chosenRun: RunEntry? { runsPane.cursor.row.flatMap { runs?[guarding: $0] } }
}
