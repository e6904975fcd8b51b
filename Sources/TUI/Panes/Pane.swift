/// The panes, in the order of their numbers.
enum Pane: Int, CaseIterable, Sendable {
  case graph = 1
  case tasks, log, timeline, workers, events, runs, failures, detail

  var name: String {
    switch self {
    case .graph: "Graph"
    case .tasks: "Tasks"
    case .log: "Log"
    case .timeline: "Timeline"
    case .workers: "Workers"
    case .events: "Events"
    case .runs: "Runs"
    case .failures: "Failures"
    case .detail: "Detail"
    }
  }

  /// The functions of the pane. A pane without content does not exist: no key, command or tab
  /// leads to it.
  var content: (any PaneContent.Type)? {
    switch self {
    case .graph: GraphPane.self
    case .tasks: TasksPane.self
    case .log: LogPane.self
    case .timeline: TimelinePane.self
    case .workers: WorkersPane.self
    case .events: EventsPane.self
    case .runs: RunsPane.self
    case .failures: FailuresPane.self
    case .detail: DetailPane.self
    }
  }

  static let built = allCases.filter { $0.content != nil }
}
