/// What a key can mean. Each has a line in a key table: the global one, or the one of its pane.
enum Action: Hashable, Sendable {
  case move(Move)
  case show(Pane)
  case shell(ShellAction)
  case task(TaskAction)
  case log(LogAction)

  enum Move: String, CaseIterable, Sendable {
    case up, down, left, right, pageUp, pageDown, halfUp, halfDown, first, last
  }

  /// Its name in the configuration file and the palette: `retry`, `log.follow`, `show.tasks`.
  var name: String {
    switch self {
    case .move(let move): "move.\(move.rawValue)"
    case .show(let pane): "show.\(pane)"
    case .shell(let action): action.rawValue
    case .task(let action): action.rawValue
    case .log(let action): "log.\(action.rawValue)"
    }
  }
}

/// What concerns the screen as a whole. `open`, `back` and `find` mean what the focused pane makes
/// of them.
enum ShellAction: String, CaseIterable, Sendable {
  case open, back, full, find, nextPane, previousPane
  case help, mouse, redraw, suspend, quit
}

/// What is asked of the engine about the tasks that the focused pane points at.
enum TaskAction: String, CaseIterable, Sendable {
  case retry, retryAll, skip, cancel
}
