/// The action of a key. Each action is in one key table: the global one, or that of its pane.
enum Action: Hashable, Sendable {
  case move(Move)
  case show(Pane)
  case shell(ShellAction)
  case task(TaskAction)
  case run(RunAction)
  case replay(ReplayAction)
  case tasks(TasksAction)
  case failures(FailuresAction)
  case detail(DetailAction)
  case graph(GraphAction)
  case log(LogAction)
  case timeline(TimelineAction)
  case workers(WorkersAction)
  case events(EventsAction)
  case runs(RunsAction)

  enum Move: String, CaseIterable, Sendable {
    case up, down, left, right, pageUp, pageDown, halfUp, halfDown, first, last
  }

  /// Its name in the configuration file and in the palette: `retry-all`, `tasks`, `log.follow`.
  var name: String {
    switch self {
    case .move(let move): Self.kebab(move.rawValue)
    case .show(let pane): "\(pane)"
    case .shell(let action): Self.kebab(action.rawValue)
    case .task(let action): Self.kebab(action.rawValue)
    case .run(let action): Self.kebab(action.rawValue)
    case .replay(let action): "replay." + Self.kebab(action.rawValue)
    case .tasks(let action): "tasks." + Self.kebab(action.rawValue)
    case .failures(let action): "failures." + Self.kebab(action.rawValue)
    case .detail(let action): "detail." + Self.kebab(action.rawValue)
    case .graph(let action): "graph." + Self.kebab(action.rawValue)
    case .log(let action): "log." + Self.kebab(action.rawValue)
    case .timeline(let action): "timeline." + Self.kebab(action.rawValue)
    case .workers(let action): "workers." + Self.kebab(action.rawValue)
    case .events(let action): "events." + Self.kebab(action.rawValue)
    case .runs(let action): "runs." + Self.kebab(action.rawValue)
    }
  }

  private static func kebab(_ name: String) -> String {
    name.reduce(into: "") { $0 += $1.isUppercase ? "-" + $1.lowercased() : String($1) }
  }
}

/// Actions on the screen as a whole. The focused pane defines `open`, `back` and `find`.
enum ShellAction: String, CaseIterable, Sendable {
  case open, menu, back, full, find, nextError, nextPane, previousPane
  case palette, help, mouse, plain, redraw, suspend, quit
}

/// Requests to the engine about the selected tasks.
enum TaskAction: String, CaseIterable, Sendable {
  case retry, retryAll, edit, skip, cancel, hold, release
}

/// Requests to the engine about the run.
enum RunAction: String, CaseIterable, Sendable {
  /// Pauses or continues.
  case pause
  case moreSlots, fewerSlots
  /// Turns it on or off.
  case failFast
  case stop, close
}
