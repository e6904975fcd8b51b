internal import Engine
internal import JobProtocol
internal import Workflow

/// What lies over the panes and takes the keys.
enum Overlay: Equatable {
  case help
  case question(Question)
  case edit(EditForm)
}

/// What must be confirmed before it is done.
enum Question: Equatable {
  case leave
  case stop
  case close
  case tasks(TaskQuestion)
  case drain(worker: String)
}

/// Everything the screen shows, as a value. `update` changes it, views read it.
struct Model {
  var run: RunState
  var theme: Theme
  /// What the terminal has, whatever the theme makes of it.
  let terminalColors: ColorDepth
  var size: Size
  /// Milliseconds since 1970.
  var now: Int
  var timeZoneOffset = 0
  var connection = Connection.live
  /// Nobody drives the run, as far as is known.
  var engineIsGone = false
  /// The run is shown again as it was; nothing can be asked of its engine.
  var replay: ReplayState?
  /// The engine has ended; a retry starts another.
  var isClosed: Bool

  private(set) var preferences = Preferences()
  var keys = KeyTable.standard
  var arrangement = Arrangement()
  /// The pane with a slot that had the focus last.
  private var lastSlotFocus = Pane.tasks
  var overlay: Overlay?
  /// First line of a help that is longer than the screen.
  var overlayTop = 0
  var prompt: Prompt?
  var palette = Palette()
  /// Said instead of the keys until the next key.
  var status: String?
  var statusTicks = 0
  var mouseIsOn = true
  /// Lines are said, and no screen is shown.
  private(set) var isPlain = false
  /// The terminal cannot, or should not, show more than ASCII.
  private var isASCII: Bool
  var pointer = Pointer()
  /// What keys acted on when the screen was last painted, or where a person has moved since; `nil`
  /// before the first painting.
  var seenTarget: Target?
  /// What happens now is a person's doing.
  var isAnswering = false

  var graph: GraphPane
  var tasks: TaskList
  var log = LogPane()
  var failures: FailuresPane
  var timeline: TimelinePane
  var workers = WorkersPane()
  var events = EventsPane()
  var runsPane = RunsPane()
  var detail = DetailPane()
  /// The last line of output of tasks whose output has been here.
  var lastLines: [FiringID: String] = [:]
  var rate = RateMeter()
  private let forecaster: Forecaster
  private(set) var forecast = Forecast.unknown
  /// The second for which the forecast was made.
  private var forecastSecond = 0
  /// What the workers last said of themselves.
  var health: [WorkerHealth] = []
  /// Runs that can be switched to, once they were asked for.
  var runs: [RunEntry]?
  /// Milliseconds that the events lie behind.
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
    tasks = TaskList(run)
    failures = FailuresPane(run)
    timeline = TimelinePane(run)
    forecaster = Forecaster(run)
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

  /// The run could go on, but for an engine.
  var lacksEngine: Bool { engineIsGone && phase != .closed && replay == nil }

  /// Whether something on the screen changes with time alone.
  var needsClock: Bool { replay == nil && phase == .live && run.startedAt != nil }

  /// Whether there is something to go on with, although nothing happens: a search in a long log.
  var hasWork: Bool { log.hasWork || events.list.hasWork }

  mutating func setTime(_ milliseconds: Int) {
    if replay == nil { now = max(now, milliseconds) }
  }

  /// The task that log and detail show, and that keys are about.
  var selected: FiringID? { leadingFailure ?? tasks.selected }

  /// Looks ahead anew, at most once a second.
  mutating func lookAhead() {
    guard phase == .live, run.startedAt != nil, now / 1000 != forecastSecond else { return }
    forecastSecond = now / 1000
    forecast = forecaster.forecast(run, slots: slotCount, now: now, overhead: overhead)
  }

  /// Milliseconds that a job takes its slot besides running: known while there is more to do than
  /// slots, so that none idles.
  private var overhead: Double {
    let rate = rate.rate(now: now, since: run.startedAt ?? now)
    guard run.counts[.ready] + run.counts[.queued] > 0, rate > 0,
      let mean = self.rate.meanDuration(now: now)
    else { return 0 }
    return max(0, Double(slotCount) * 1000 / rate - mean)
  }

  // MARK: Another state, or another look

  /// A screen of another state that looks as a person has made this one look.
  func turned(to state: RunState) -> Model {
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

  /// Other colours, also when the screen comes back after lines.
  mutating func choose(theme name: ThemeName) {
    preferences.theme = name
    if !isPlain { theme = theme.named(name, colors: terminalColors) }
  }

  /// Makes of the model what is said instead of shown, or back; `colors` are the screen's.
  mutating func setPlain(_ on: Bool, colors: ColorDepth) {
    isPlain = on
    theme = on ? .spoken : Theme(preferences.theme, ascii: isASCII, colors: colors)
  }

  // MARK: Preferences

  /// Takes over what a person likes; the theme comes with the terminal.
  mutating func adopt(_ preferences: Preferences) {
    self.preferences = preferences
    keys = (try? KeyTable.standard.rebinding(preferences.keys)) ?? .standard
    arrangement.slots = preferences.slots
    arrangement.focus = preferences.focus
    lastSlotFocus = preferences.focus
    mouseIsOn = preferences.mouse
  }

  /// The columns of a pane's table that the person chose; `nil`: whatever fits.
  func columns(of pane: Pane) -> [String]? { preferences.columns[pane] }

  // MARK: The arrangement

  var layout: Layout {
    guard isPlain else { return overlaid ?? Layout(size: size, arrangement) }
    // Nobody sees it: wide enough that little is cut.
    var whole = arrangement
    whole.isFull = true
    return Layout(size: Self.plainSize, whole)
  }

  /// While a task is edited: the form where an opened pane would be, over what the task has said.
  private var overlaid: Layout? {
    guard case .edit = overlay else { return nil }
    var arrangement = arrangement
    arrangement.opened = arrangement.opened ?? .detail
    arrangement.focus = arrangement.opened ?? .detail
    arrangement.isFull = false
    let layout = Layout(size: size, arrangement)
    return layout.kind == .stacked ? layout : nil
  }

  private static let plainSize = Size(columns: 160, rows: 40)

  var focus: Pane { arrangement.focus }

  /// Gives a pane the keys; one that is not there is never chosen.
  mutating func choose(_ pane: Pane) {
    guard pane.content != nil else { return }
    let isBelow = layout.kind == .stacked && pane == arrangement.slots.lower
    arrangement.choose(pane, keepsOpened: isBelow || layout.kind == .threeColumns)
    if arrangement.slots.all.contains(pane) { lastSlotFocus = pane }
  }

  mutating func close(_ pane: Pane) {
    if arrangement.opened == pane { arrangement.close(returningTo: lastSlotFocus) }
  }
}
