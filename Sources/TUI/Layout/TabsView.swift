internal import Engine

/// The titles of panes in their borders, and the tabs of all panes that are not shown, at the
/// right end of the top border.
enum TabsView {
  /// Notes that do not fit are left out, the last first. A task's name is shortened.
  static func title(_ model: Model, of pane: Pane, columns: Int = .max) -> Line {
    let theme = model.theme
    let style = model.focus == pane ? theme.accent : theme.title
    var line = Line("\(pane.rawValue) \(pane.name)", style)
    for note in pane.content?.notes(model) ?? [] {
      let part = " \(theme.dot) "
      let available = columns == .max ? columns : columns - line.width - DisplayWidth.of(part)
      let isName = note.contains { $0.isLetter } && !note.contains(" ")
      let hasNumber = Truncation.number(of: note).map { $0.count <= available } ?? false
      let text =
        isName && hasNumber ? Truncation.middle(note, available, ellipsis: theme.ellipsis) : note
      guard DisplayWidth.of(text) <= available else { break }
      line.append(part + text, theme.dim)
    }
    return line
  }

  // MARK: Tabs

  /// How much of the names is shown, the most first.
  private enum Detail: CaseIterable { case names, short, numbers }

  /// A tab and the column at which it begins.
  private struct Tab {
    let pane: Pane
    let start: Int
    let line: Line

    var end: Int { start + line.width }
  }

  /// `4 Timeline  5 Workers  6 Events  7 Runs  8 Failures⁵  9 Detail`, as much as fits beside
  /// the title.
  static func draw(_ model: Model, in area: Rectangle, on buffer: inout CellBuffer) {
    let tabs = tabs(model, in: area)
    guard let first = tabs.first, let last = tabs.last else { return }
    for column in [first.start - 1, last.end] {
      buffer.write(" ", at: Point(column: column, row: area.row))
    }
    for tab in tabs {
      if tab.start > first.start {
        buffer.write(" ", at: Point(column: tab.start - 1, row: area.row))
      }
      buffer.write(tab.line, at: Point(column: tab.start, row: area.row))
    }
  }

  /// The pane whose tab or title is at a position on the screen.
  static func pane(_ model: Model, at point: Point) -> Pane? {
    let layout = model.layout
    guard let corner = layout.corner, let area = layout.panes[corner], point.row == area.row
    else { return nil }
    return tabs(model, in: area).first { ($0.start..<$0.end).contains(point.column) }?.pane
  }

  private static func tabs(_ model: Model, in area: Rectangle) -> [Tab] {
    let shown = model.layout.panes
    let panes = Pane.built.filter { shown[$0] == nil }
    guard !panes.isEmpty, let corner = model.layout.corner else { return [] }
    let title = title(model, of: corner, columns: titleColumns(model, in: area)).width
    let available = area.columns - 4 - title - 3
    for detail in Detail.allCases {
      let lines = panes.map { tab(model, $0, detail) }
      let width = lines.reduce(0) { $0 + $1.width + 1 } - 1
      guard width <= available else { continue }
      var start = area.endColumn - 2 - width
      return zip(panes, lines).map { pane, line in
        defer { start += line.width + 1 }
        return Tab(pane: pane, start: start, line: line)
      }
    }
    return []
  }

  /// What the title may take: the numbers of the others stay visible.
  static func titleColumns(_ model: Model, in area: Rectangle) -> Int {
    let shown = model.layout.panes
    let numbers = Pane.built.filter { shown[$0] == nil }
      .reduce(0) { $0 + tab(model, $1, .numbers).width + 1 }
    let name = 12
    return max(name, area.columns - 4 - numbers - 2)
  }

  private static func tab(_ model: Model, _ pane: Pane, _ detail: Detail) -> Line {
    let theme = model.theme
    var line = Line("\(pane.rawValue)", theme.key)
    switch detail {
    case .names: line.append(" \(pane.name)", theme.dim)
    case .short: line.append(" \(pane.shortName)", theme.dim)
    case .numbers: break
    }
    let badge = badge(model, pane)
    if badge > 0 {
      line.append(theme.ascii ? "(\(badge))" : superscript(badge), theme.bad)
    }
    return line
  }

  /// The number at a tab: how many items of the pane need attention.
  private static func badge(_ model: Model, _ pane: Pane) -> Int {
    switch pane {
    case .failures: model.run.counts.needingAttention
    case .workers: model.run.workers.count(where: \.isGone)
    case .graph, .tasks, .log, .timeline, .events, .runs, .detail: 0
    }
  }

  private static func superscript(_ number: Int) -> String {
    let digits = Array("⁰¹²³⁴⁵⁶⁷⁸⁹")
    if number > 999 { return "⁹⁹⁹⁺" }
    return String("\(number)".compactMap { $0.wholeNumberValue.map { digits[$0] } })
  }
}

extension Pane {
  /// For a narrow screen.
  var shortName: String {
    switch self {
    case .timeline: "Time"
    case .workers: "Work"
    case .failures: "Fail"
    case .graph, .tasks, .log, .events, .runs, .detail: name
    }
  }
}
