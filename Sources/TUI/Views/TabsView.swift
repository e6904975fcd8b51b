internal import Engine
internal import Workflow

/// The titles of the panes: one for each box, or all in the one box of a narrow screen.
enum TabsView {
  static func title(_ model: Model, of pane: Pane) -> Line {
    let theme = model.theme
    let style = model.focus == pane ? theme.accent : theme.title
    var line = Line("\(pane.rawValue) \(pane.name)", style)
    for detail in details(model, pane) { line.append(" \(theme.dot) \(detail)", theme.dim) }
    return line
  }

  /// `1 Graph ─ 2 Tasks · all 12 ─ 3 Log`; the open one says more.
  static func title(_ model: Model) -> Line {
    var line = Line()
    for pane in Pane.allCases {
      if pane != .graph { line.append(" \(model.theme.rule) ", model.theme.border) }
      if pane == model.focus {
        line.append(title(model, of: pane))
      } else {
        line.append("\(pane.rawValue) \(pane.name)", model.theme.dim)
      }
    }
    return line
  }

  /// The pane whose tab begins nearest before a column.
  static func pane(at column: Int) -> Pane? {
    switch column {
    case 0..<10: .graph
    case 10..<20: .tasks
    default: column < 0 ? nil : .log
    }
  }

  private static func details(_ model: Model, _ pane: Pane) -> [String] {
    switch pane {
    case .graph: []
    case .tasks: tasksDetails(model)
    case .log: logDetails(model)
    }
  }

  private static func tasksDetails(_ model: Model) -> [String] {
    let tasks = model.tasks
    var details = [
      tasks.isFiltered ? "\(tasks.count) of \(tasks.index.count)" : "all \(tasks.count)"
    ]
    if let stage = tasks.stage {
      details.append("stage \(model.run.graph.stages[stage].name.displayName)")
    }
    if !tasks.filter.isEmpty { details.append("/\(tasks.filter)") }
    details.append("by state")
    return details
  }

  private static func logDetails(_ model: Model) -> [String] {
    guard let attempt = model.log.attempt else { return [] }
    var details = [model.run.label(attempt.firing)]
    if attempt.number > 1 { details.append("attempt \(attempt.number)") }
    if !model.log.isFollowing {
      details.append("paused")
    } else {
      details.append(model.endOfLoggedAttempt == nil ? "following" : "complete")
    }
    if model.log.droppedLines > 0 { details.append("\(model.log.droppedLines) lines dropped") }
    return details
  }
}
