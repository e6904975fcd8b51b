internal import Engine
internal import JobProtocol
internal import Workflow

/// What covers the panes and receives the keys.
enum Overlay: Equatable {
  case help
  case question(Question)
  case edit(EditForm)
  case menu(ActionMenu)
}

/// Actions that need a confirmation.
enum Question: Equatable {
  case leave
  case stop
  case stopAndLeave
  case close
  case tasks(TaskQuestion)
  case drain(worker: String)
  case removeWorker(site: String, id: String)
}

extension Question {
  /// The message when the question no longer applies, because the run has changed.
  func end(_ run: RunState) -> String {
    switch self {
    case .leave: "the engine died"
    case .stop, .stopAndLeave: "the run has ended"
    case .close: "the run continues"
    case .tasks(let question): question.end(run)
    case .drain(let worker): "\(worker.displayName) has left"
    case .removeWorker(_, let id): "\(id.displayName) has left"
    }
  }
}

/// Everything that the screen shows, as a value. `update` changes it, views read it.
struct Model {
  var run: RunState
  var theme: Theme
  /// The capabilities of the terminal, independent of the theme.
  let terminalColors: ColorDepth
  var size: Size
  /// Milliseconds since 1970.
  var now: Int
  var timeZoneOffset = 0
  var connection = Connection.live
  /// Whether the engine died.
  var engineIsGone = false
  /// The state of a replay; no requests are possible then.
  var replay: ReplayState?
  /// Whether the run has no engine; a retry restarts one.
  var isClosed: Bool

  private(set) var preferences = Preferences()
  var keys = KeyTable.standard
  var arrangement = Arrangement()
  /// The pane that had the focus before: Escape in the log returns to it.
  private(set) var formerFocus = Pane.tasks
  /// The last focused pane that has a slot.
  private var lastSlotFocus = Pane.tasks
  var overlay: Overlay?
  /// The first visible line of a help that is longer than the screen.
  var overlayTop = 0
  var prompt: Prompt?
  var palette = Palette()
  /// A message that replaces the hints until the next key.
  var status: String?
  var statusTicks = 0
  /// Whether a request about the run has been sent and its effect is not in the journal yet.
  var awaitsAnswer = false
  /// The last request about tasks, until the journal has all of its effects.
  var taskRequest: TaskRequest?
  var mouseIsOn = true
  /// Whether lines are printed instead of a screen.
  private(set) var isPlain = false
  /// Whether only ASCII may be shown.
  private var isASCII: Bool
  var pointer = Pointer()
  /// The target of keys when the screen was last painted, or to which the user has moved
  /// since; `nil` before the first painting.
  var seenTarget: Target?
  /// Whether the current update is caused by input.
  var isAnswering = false

  var graph: GraphPane
  var tasks: TasksModel
  var log = LogPane()
  var failures: FailuresPane
  var timeline: TimelinePane
  var workers = WorkersPane()
  var events = EventsPane()
  var runsPane = RunsPane()
  var detail = DetailPane()
  /// The last output line of tasks whose output was received.
  var lastLines: [FiringID: String] = [:]
  var rate = RateMeter()
  private var forecaster: Forecaster
  private(set) var forecast = Forecast.unknown
  /// The figures of a run that has ended.
  private(set) var ending: RunEnding?
  /// The second for which the forecast was computed.
  private var forecastSecond = 0
  /// The last heartbeats of workers.
  var health: [WorkerHealth] = []
  /// Runs to switch to, once they were requested.
  var runs: [RunEntry]?
  /// The models of runs that the user has left.
  var keptRuns = KeptRuns()
  /// How far the events are behind, in milliseconds.
  var lag: Int?

  init(
    run: RunState, theme: Theme, size: Size, now: Int, terminalColors: ColorDepth? = nil
  ) {
    self.run = run
    self.theme = theme
    isASCII = theme.ascii
    self.terminalColors = terminalColors ?? theme.colors
    self.size = size
    self.now = now
    isClosed = run.isFinished
    graph = GraphPane(run)
    tasks = TasksModel(run)
    failures = FailuresPane(run)
    timeline = TimelinePane(run)
    forecaster = Forecaster(run)
  }

  /// The condition of the run for a watcher.
  enum Phase: Equatable {
    case live
    /// Nothing can run any more, but the engine waits for a retry.
    case open
    case closed
  }

  var phase: Phase {
    if isClosed { return .closed }
    return run.settledAt == nil ? .live : .open
  }

  /// Whether the run could continue but has no engine.
  var lacksEngine: Bool { engineIsGone && phase != .closed && replay == nil }

  /// Whether the screen changes with time alone.
  var needsClock: Bool {
    status != nil || replay == nil && phase == .live && run.startedAt != nil
  }

  /// Whether background work remains, for example a search in a long log.
  var hasWork: Bool { log.hasWork || events.list.hasWork }

  mutating func setTime(_ milliseconds: Int) {
    if replay == nil { now = max(now, milliseconds) }
  }

  /// The task that log and detail show, and that keys act on.
  var selected: FiringID? { leadingFailure ?? pointedAttempt?.firing ?? tasks.selected }

  /// The attempt under the cursor of the timeline, the events or the workers, also while its log
  /// has the focus.
  var pointedAttempt: AttemptID? {
    let attempt: AttemptID? =
      switch focus == .log ? arrangement.opened : focus {
      case .timeline: timeline.chosen
      case .events where !events.isFollowing:
        events.chosen.flatMap { event in
          event.change.pointedAttempt ?? event.change.firing.flatMap { run.lastAttempt(of: $0) }
        }
      case .workers: chosenWorker.flatMap { timeline.data.running(on: $0.name).first }
      default: nil
      }
    // The journal is untrusted: it may name a task that the workflow does not have.
    return attempt.flatMap { run.task($0.firing) == nil ? nil : $0 }
  }

  /// Computes the forecast, at most once a second.
  mutating func updateForecast() {
    if ending?.settledAt != run.settledAt { ending = RunEnding(run, slots: slotsUsed) }
    guard phase == .live, run.startedAt != nil, now / 1000 != forecastSecond else { return }
    forecastSecond = now / 1000
    let overhead = rate.overhead(
      slots: slotCount, now: now, since: run.startedAt ?? now, in: run)
    forecast = forecaster.forecast(run, slots: slotCount, now: now, overhead: overhead)
  }

  /// The slots of a run whose workers may have left.
  private var slotsUsed: Int {
    run.slots ?? run.workers.reduce(0) { $0 + $1.slots }
  }

  // MARK: Copies for another state or run

  /// A copy that shows another state, with the user's arrangement.
  func copy(showing state: RunState) -> Model {
    var next = Model(
      run: state, theme: theme, size: size, now: now, terminalColors: terminalColors)
    next.isASCII = isASCII
    next.isPlain = isPlain
    next.timeZoneOffset = timeZoneOffset
    next.adopt(preferences)
    next.palette = palette
    next.mouseIsOn = mouseIsOn
    next.log.settings = log.settings
    return next
  }

  /// A kept model of another run, with the settings that have changed since.
  func restored(from former: Model) -> Model {
    var next = former
    (next.size, next.now, next.timeZoneOffset) = (size, max(now, former.now), timeZoneOffset)
    (next.theme, next.isPlain, next.mouseIsOn) = (theme, isPlain, mouseIsOn)
    (next.preferences, next.keys, next.palette) = (preferences, keys, palette)
    (next.overlay, next.prompt, next.seenTarget) = (nil, nil, nil)
    (next.connection, next.runs) = (.live, runs)
    // The program has stopped sending output and health of this run: request both again.
    next.log.mustReload = true
    next.workers.isWatching = false
    return next
  }

  /// Changes the theme.
  mutating func choose(theme name: ThemeName) {
    preferences.theme = name
    if !isPlain { theme = theme.named(name, colors: terminalColors) }
  }

  /// Switches between screen and lines; `colors` are the screen's.
  mutating func setPlain(_ on: Bool, colors: ColorDepth) {
    isPlain = on
    theme = on ? .screenReader : Theme(preferences.theme, ascii: isASCII, colors: colors)
  }

  // MARK: Preferences

  /// Applies the user's preferences, except the theme, which depends on the terminal.
  mutating func adopt(_ preferences: Preferences) {
    self.preferences = preferences
    keys = (try? KeyTable.standard.rebinding(preferences.keys)) ?? .standard
    arrangement.slots = preferences.slots
    arrangement.focus = preferences.focus
    lastSlotFocus = preferences.focus
    mouseIsOn = preferences.mouse
  }

  /// Replaces preferences that need nothing else to be changed.
  mutating func replace(_ preferences: Preferences) { self.preferences = preferences }

  /// The user's columns for a pane's table; `nil` for all that fit.
  func columns(of pane: Pane) -> [String]? { preferences.columns[pane] }

  // MARK: The arrangement

  var layout: Layout {
    guard isPlain else { return overlaid ?? Layout(size: size, arrangement, needs) }
    // Plain lines have no width limit, so the layout is wide enough to cut almost nothing.
    var whole = arrangement
    whole.isFull = true
    return Layout(size: Self.plainSize, whole)
  }

  /// The layout while a task is edited: the form replaces an open pane, above the task's log.
  private var overlaid: Layout? {
    guard case .edit(let form) = overlay else { return nil }
    var arrangement = arrangement
    arrangement.opened = arrangement.opened ?? .detail
    arrangement.focus = arrangement.opened ?? .detail
    arrangement.isFull = false
    // Rows for the fields, and for the changes below them.
    let needs = Layout.Needs(openedRows: form.fields.count + 12)
    let layout = Layout(size: size, arrangement, needs)
    return layout.kind == .stacked ? layout : nil
  }

  /// The sizes that the panes in the upper and the left slot need.
  private var needs: Layout.Needs {
    var needs = Layout.Needs()
    if arrangement.slots.upper == .tasks { needs.upperRows = tasks.preferredRows }
    if arrangement.slots.left == .graph { needs.left = graph.preferredSize }
    return needs
  }

  private static let plainSize = Size(columns: 400, rows: 40)

  var focus: Pane { arrangement.focus }

  /// Focuses a pane, if it exists.
  mutating func choose(_ pane: Pane) {
    guard pane.content != nil else { return }
    let isBelow = layout.kind == .stacked && pane == arrangement.slots.lower
    if pane != focus { formerFocus = focus }
    arrangement.choose(pane, keepsOpened: isBelow || layout.kind == .wide)
    if arrangement.slots.all.contains(pane) { lastSlotFocus = pane }
  }

  mutating func close(_ pane: Pane) {
    if arrangement.opened == pane { arrangement.close(returningTo: lastSlotFocus) }
  }
}
