internal import Engine
internal import HumanText
internal import Workflow

/// The header: the run and its state, then its progress. Figures that need attention come first. On
/// small screens, one row has both.
enum HeaderView {
  private static let shownLagMinimum = 500

  static func draw(_ model: Model, in area: Rectangle, on buffer: inout CellBuffer) {
    let columns = area.columns - 2
    guard area.rows > 1 else {
      let line = oneRow(model, columns: columns)
      return write(line, row: area.row, columns: columns, on: &buffer)
    }
    let name = 12
    let minimum =
      min(name, DisplayWidth.of(model.run.workflow.name)) + details(model, isShort: true).width
    let right =
      infrastructure(model).first { minimum + $0.width + 2 <= columns } ?? Line()
    let gap = right.width == 0 ? 0 : right.width + 2
    write(title(model, columns: columns - gap), row: area.row, columns: columns, on: &buffer)
    linkRun(model, row: area.row, columns: columns - gap, on: &buffer)
    buffer.write(right, at: Point(column: area.columns - right.width - 1, row: area.row))
    write(
      progress(model, columns: columns), row: area.row + 1, columns: columns, on: &buffer)
  }

  /// The run's short id leads to its directory.
  private static func linkRun(
    _ model: Model, row: Int, columns: Int, on buffer: inout CellBuffer
  ) {
    guard let info = model.run.info else { return }
    let place = Rectangle(column: 1, row: row, columns: columns, rows: 1)
    let uri = model.address(ofFile: info.place)
    buffer.link(in: place) { $0 == info.run.prefix(4) ? uri : nil }
  }

  private static func write(
    _ line: Line, row: Int, columns: Int, on buffer: inout CellBuffer
  ) {
    buffer.write(line, at: Point(column: 1, row: row), width: columns)
  }

  // MARK: First row

  /// Name, run, state, time, ETA. If there is too little room, the state's word is left out,
  /// then the name is cut.
  static func title(_ model: Model, columns: Int) -> Line {
    let variants = [details(model, isShort: false), details(model, isShort: true)]
    let name = (model.run.info?.name ?? model.run.workflow.name).displayName
    let whole = DisplayWidth.of(name)
    let details =
      variants.first { columns == .max || whole + $0.width <= columns } ?? variants[1]
    let available = columns == .max ? columns : max(8, columns - details.width)
    var line = Line(
      Truncation.middle(name, available, ellipsis: model.theme.ellipsis), model.theme.strong)
    line.append(details)
    return line
  }

  /// What follows the name: run, state, notes, time, ETA.
  private static func details(_ model: Model, isShort: Bool) -> Line {
    let theme = model.theme
    let gap = isShort ? " " : "   "
    var rest = Line()
    if let run = model.run.info?.run {
      rest.append((isShort ? " " : "  ") + run.prefix(4), theme.dim)
    }
    let (appearance, state) = runState(model)
    rest.append(gap)
    if !theme.isForScreenReader { rest.append(theme.glyph(appearance), theme.style(appearance)) }
    // The hints have the keys that help.
    let text = isShort ? String(state.split(separator: ": ")[0]) : state
    if !isShort || appearance != .running { rest.append(" " + text, theme.style(appearance)) }
    for note in notes(model, isShort: isShort) {
      rest.append(gap)
      rest.append(note)
    }
    if model.run.startedAt != nil {
      let elapsed = model.run.elapsed(now: model.now)
      rest.append(gap + Formats.duration(milliseconds: elapsed))
    }
    if let eta = eta(model) {
      rest.append(gap + "ETA ", theme.dim)
      rest.append(eta)
    }
    return rest
  }

  /// What is unusual: a dry run, held tasks, fail-fast.
  private static func notes(_ model: Model, isShort: Bool) -> [Line] {
    let (run, theme) = (model.run, model.theme)
    var notes: [Line] = []
    if run.info?.isDryRun == true { notes.append(Line("DRY RUN", theme.warning.adding(.bold))) }
    let held = run.counts[.held] + run.heldProcesses.count
    if held > 0 {
      let glyph = theme.isForScreenReader ? "" : theme.glyph(.held) + " "
      notes.append(Line("\(glyph)\(Formats.count(held)) held", theme.style(.held)))
    }
    if run.failsFast, !isShort { notes.append(Line("fail-fast", theme.dim)) }
    return notes
  }

  /// `~0:01:05`; `nil` if nothing is left to do, or if it cannot be estimated.
  static func eta(_ model: Model) -> String? {
    guard model.phase == .live, model.run.startedAt != nil, !model.run.isPaused,
      !model.lacksEngine, case .about(let time, _) = model.forecast
    else { return nil }
    return "~" + Formats.duration(milliseconds: max(1000, (time + 500) / 1000 * 1000))
  }

  /// The appearance and text of the run's state: `failed, open: r retries`.
  static func runState(_ model: Model) -> (TaskAppearance, String) {
    if model.lacksEngine { return (.lost, "engine died: :resume") }
    let isOpen = model.phase == .open
    switch model.run.status {
    case .running:
      if model.run.isPaused { return (.held, "paused") }
      return model.run.startedAt == nil ? (.starting, "starting") : (.running, "running")
    case .succeeded: return (.succeeded, "succeeded")
    case .failed:
      // Keys do not retry in a replay.
      let open = model.replay == nil ? "failed, open: r retries" : "failed, open"
      return (.failed, isOpen ? open : "failed")
    case .blocked: return (.waiting, isOpen ? "blocked, open" : "blocked")
    case .cancelled: return (.cancelled, "stopped")
    }
  }

  /// Redis, workers and slots, as variants of decreasing length. Redis and workers are left out
  /// while they work.
  private static func infrastructure(_ model: Model) -> [Line] {
    if let replay = model.replay {
      return [false, true].map { model.replayLine(replay, isShort: $0) }
    }
    let state = connection(model)
    guard model.phase != .closed else { return [state] }
    let theme = model.theme
    let workers = model.run.workers.filter { !$0.isGone }
    let gone = model.run.workers.count - workers.count
    let busy = min(model.slotCount, workers.reduce(0) { $0 + $1.busy })
    var health = Line()
    if case .lost = model.connection {
      health = Line("redis \(theme.disconnected)", theme.alarm)
    }
    var workersText = Line()
    if gone > 0 {
      workersText = Line("\(theme.glyph(.lost)) ", theme.warning)
      workersText.append(Formats.counted(gone, "worker") + " gone", theme.warning)
    }
    var slots = Line()
    if model.slotCount > 0 {
      slots = Line("slots ", theme.dim)
      let width = "\(model.slotCount)".utf8.count
      slots.append("\(padded("\(busy)", width))/\(model.slotCount)")
    }
    return [
      joined([health, workersText, slots, state], gap: 3),
      joined([health, workersText, slots, state], gap: 1),
      joined([health, workersText, slots], gap: 1), joined([health, workersText], gap: 1), health,
    ]
  }

  private static func joined(_ parts: [Line], gap: Int) -> Line {
    parts.reduce(into: Line()) { line, part in
      guard part.width > 0 else { return }
      if line.width > 0 { line.append(String(repeating: " ", count: gap)) }
      line.append(part)
    }
  }

  /// What is unusual about the engine and Redis; empty during a run.
  private static func connection(_ model: Model) -> Line {
    let theme = model.theme
    switch (model.phase, model.connection) {
    case (.closed, _): return Line("closed", theme.dim)
    case (_, .live) where model.lacksEngine: return Line("no engine", theme.warning)
    case (_, .lost): return Line("Redis lost, retrying", theme.warning)
    case (_, .live) where (model.lag ?? 0) >= shownLagMinimum:
      let lag = Formats.mean(milliseconds: Double(model.lag ?? 0))
      return Line("catching up, \(lag) behind", theme.warning)
    // The state says it already, unless the run succeeded or was stopped.
    case (.open, _) where runState(model).1.contains("open"): return Line()
    case (.open, _): return Line("open", theme.warning)
    case (.live, _): return Line()
    }
  }

  // MARK: Second row

  /// `✘ 5  ▶ 4  ○ 3  40/60  ████▓░░  ◌ 11  ✔ 40   2.1/s ▁▂▅`: what needs somebody, what runs, the
  /// progress, the rest.
  private static func progress(_ model: Model, columns: Int) -> Line {
    let theme = model.theme
    let isShort = columns < 90
    var line = attention(model, isShort: isShort)
    line.append(count(model))
    line.append(" ")
    let rest = remainingCounts(of: model, isShort: isShort, columns: columns - line.width - 12)
    let bar = max(6, min(columns * 2 / 5, columns - line.width - rest.width))
    line.append(self.bar(model, columns: bar))
    line.append(rest)
    let rate = model.rate.rate(now: model.now, since: model.run.startedAt ?? 0)
    guard model.phase == .live, rate > 0 else { return line }
    var tail = Line("   " + padded(Formats.rate(perSecond: rate), 7))
    if !theme.ascii, columns - line.width - tail.width > 10 {
      tail.append(" " + sparkline(model.rate.history(seconds: 8, now: model.now)), theme.dim)
    }
    if line.width + tail.width <= columns { line.append(tail) }
    return line
  }

  /// `name  ✘ 5   40/60 ████▓░░   0:00:17`
  private static func oneRow(_ model: Model, columns: Int) -> Line {
    let theme = model.theme
    let (appearance, words) = runState(model)
    var line = Line("\(theme.glyph(appearance)) ", theme.style(appearance))
    if appearance != .running { line.append(words.prefix { $0 != "," && $0 != ":" } + "  ") }
    line.append(theme.attention(model.run.counts))
    if line.width > 2 { line.append("  ") }
    line.append(count(model))
    line.append(" ")
    var time = Line()
    if model.run.startedAt != nil {
      time = Line("  " + Formats.duration(milliseconds: model.run.elapsed(now: model.now)))
    }
    if let eta = eta(model) { time.append(" \(eta)", theme.dim) }
    line.append(bar(model, columns: min(16, max(4, columns - line.width - time.width))))
    line.append(time)
    let name = "  " + (model.run.info?.name ?? model.run.workflow.name).displayName
    let available = columns - line.width
    if available > 8 {
      line.append(Truncation.end(name, available, ellipsis: theme.ellipsis), theme.dim)
    }
    return line.cut(to: columns, ellipsis: theme.ellipsis)
  }

  private static func bar(_ model: Model, columns: Int) -> Line {
    let counts = model.run.counts
    // A cancelled task has not failed.
    return ProgressBar.line(
      done: counts.done, active: counts[.running], failed: counts[.failed] + counts[.lost],
      total: counts.total, columns: columns, theme: model.theme)
  }

  private static func count(_ model: Model) -> Line {
    let total = Formats.count(model.run.counts.total)
    let done = padded(Formats.count(model.run.counts.done), total.utf8.count)
    return Line("\(done)/\(total)", model.theme.strong)
  }

  /// The figures before the count: failures, and what runs. Those of a live run are
  /// always there, so nothing moves.
  private static func attention(_ model: Model, isShort: Bool) -> Line {
    let counts = model.run.counts
    var line = Line()
    func add(_ state: TaskState, _ number: Int, always: Bool = false) {
      guard number > 0 || always else { return }
      line.append(figure(model, state, number, isShort: isShort))
      line.append("  ")
    }
    for state in [TaskState.failed, .lost, .cancelled, .retrying] { add(state, counts[state]) }
    let isLive = model.phase == .live
    add(.running, counts[.running], always: isLive)
    add(.queued, counts[.ready] + counts.notRunning, always: isLive && !isShort)
    return line
  }

  /// The figures after the bar, as many as fit.
  private static func remainingCounts(of model: Model, isShort: Bool, columns: Int) -> Line {
    let counts = model.run.counts
    var line = Line()
    for state in [TaskState.waiting, .succeeded, .held, .skipped] where counts[state] > 0 {
      var next = Line("  ")
      next.append(figure(model, state, counts[state], isShort: isShort))
      if line.width + next.width > columns { break }
      line.append(next)
    }
    return line
  }

  /// `✘ 5`, as wide as the total.
  private static func figure(
    _ model: Model, _ state: TaskState, _ number: Int, isShort: Bool
  ) -> Line {
    let theme = model.theme
    let appearance = TaskAppearance(state)
    let width = model.phase == .live ? Formats.count(model.run.counts.total).utf8.count : 0
    let blank = isShort && !theme.isForScreenReader && width == 0 ? "" : " "
    let text = padded(Formats.count(number), isShort ? min(width, 3) : width)
    return Line("\(theme.glyph(appearance))\(blank)\(text)", theme.style(appearance))
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.utf8.count)) + text
  }

  private static func sparkline(_ values: [Int]) -> String {
    let steps = Array("▁▂▃▄▅▆▇█")
    let maximum = max(1, values.max() ?? 1)
    return String(values.map { steps[min(7, $0 * 7 / maximum)] })
  }
}
