internal import Engine
internal import Workflow

/// The three panes, in the order of their numbers.
enum Pane: Int, CaseIterable, Sendable {
  case graph = 1
  case tasks, log

  var name: String {
    switch self {
    case .graph: "Graph"
    case .tasks: "Tasks"
    case .log: "Log"
    }
  }
}

/// What lies over the panes and takes the keys.
enum Overlay: Equatable {
  case help
  case detail(FiringID)
  case question(Question)
}

/// What must be confirmed before it is done.
enum Question: Equatable {
  case leave
  case cancel(FiringID)
  case skip(FiringID)
}

/// Everything the screen shows, as a value. `update` changes it, views read it.
struct Model {
  var run: RunState
  var theme: Theme
  var size: Size
  /// Milliseconds since 1970.
  private(set) var now: Int
  var timeZoneOffset = 0
  var connection = Connection.live
  /// The engine is gone; nothing can be asked of it.
  var isClosed: Bool

  var focus = Pane.tasks
  var isFull = false
  var overlay: Overlay?
  /// First line of a help or detail that is longer than the screen.
  var overlayTop = 0
  /// Said instead of the keys until the next key.
  var status: String?
  var statusTicks = 0
  var mouseIsOn = true

  let graph: StageGraph
  var graphWindow = ListWindow()
  var tasks: TaskList
  var log = LogPane()
  /// The last line of output of tasks whose output has been here.
  var lastLines: [FiringID: String] = [:]
  var rate = RateMeter()

  init(run: RunState, theme: Theme, size: Size, now: Int) {
    self.run = run
    self.theme = theme
    self.size = size
    self.now = now
    isClosed = run.isFinished
    graph = StageGraph(run.graph)
    tasks = TaskList(run)
  }

  /// How the run stands for the person who watches.
  enum Phase: Equatable {
    case live
    /// It can go no further by itself, but its engine waits for a retry.
    case open
    case closed
  }

  var phase: Phase {
    if isClosed { return .closed }
    return run.settledAt == nil ? .live : .open
  }

  /// Whether something on the screen changes with time alone.
  var needsClock: Bool { phase == .live && run.startedAt != nil }

  mutating func setTime(_ milliseconds: Int) { now = max(now, milliseconds) }

  var layout: Layout { Layout(size: size, focus: focus, isFull: isFull) }

  var selected: FiringID? { tasks.selected }

  var selectedRecord: TaskRecord? { selected.flatMap { run.task($0) } }

  var selectedStage: Int? { graphRows[guarding: graphWindow.cursor]?.stage }

  /// The graph's rows as the pane has room for them.
  var graphRows: [StageGraph.Row] {
    let height = layout.panes[.graph]?.inset().rows ?? 0
    return graph.wide.count <= height ? graph.wide : graph.compact
  }

  /// Lines below a log: how the attempt ended.
  var logTail: Int { endOfLoggedAttempt == nil ? 0 : 1 }

  var endOfLoggedAttempt: AttemptRecord? {
    guard let attempt = log.attempt else { return nil }
    return run.task(attempt.firing)?.attempts
      .first { $0.number == attempt.number && $0.outcome != nil }
  }

  var logHeight: Int { max(1, layout.panes[.log]?.inset().rows ?? 1) }
}
