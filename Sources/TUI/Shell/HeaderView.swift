internal import Engine
internal import HumanText
internal import Workflow

/// The two rows of the header: the run and its state, then its progress.
enum HeaderView {
  private static let lagWorthTelling = 500

  static func draw(_ model: Model, in area: Rectangle, on buffer: inout CellBuffer) {
    let name = 12
    let least =
      min(name, DisplayWidth.of(model.run.workflow.name)) + rest(model, isShort: true).width
    let whole = title(model, columns: .max).width
    let all = surroundings(model)
    let right =
      all.prefix(1).first { whole + $0.width + 4 <= area.columns }
      ?? all.dropFirst().first { least + $0.width + 4 <= area.columns } ?? Line()
    let left = title(model, columns: area.columns - right.width - 4)
    buffer.write(left, at: Point(column: 1, row: area.row), width: area.columns - 2)
    let start = Point(column: area.columns - right.width - 1, row: area.row)
    buffer.write(right, at: start)
    buffer.write(
      progress(model, columns: area.columns - 2), at: Point(column: 1, row: area.row + 1),
      width: area.columns - 2)
  }

  // MARK: First row

  /// Name, run, state, time, ETA. If there is too little room, the state's word is left out,
  /// then the name is cut.
  static func title(_ model: Model, columns: Int) -> Line {
    let rests = [rest(model, isShort: false), rest(model, isShort: true)]
    let name = (model.run.info?.name ?? model.run.workflow.name).displayName
    let whole = DisplayWidth.of(name)
    let rest = rests.first { columns == .max || whole + $0.width <= columns } ?? rests[1]
    let room = columns == .max ? columns : max(8, columns - rest.width)
    var line = Line(
      Truncation.middle(name, room, ellipsis: model.theme.ellipsis), model.theme.strong)
    line.append(rest)
    return line
  }

  private static func rest(_ model: Model, isShort: Bool) -> Line {
    let theme = model.theme
    let gap = isShort ? " " : "   "
    var rest = Line()
    if let run = model.run.info?.run {
      rest.append((isShort ? " " : "  ") + run.prefix(4), theme.dim)
    }
    let (appearance, words) = standing(model)
    rest.append(gap)
    if !theme.isSpoken { rest.append(theme.glyph(appearance), theme.style(appearance)) }
    // The hints have the keys that help.
    let said = isShort ? String(words.split(separator: ": ")[0]) : words
    if !isShort || appearance != .running { rest.append(" " + said, theme.style(appearance)) }
    if model.run.startedAt != nil {
      let elapsed = model.run.elapsed(now: model.now)
      rest.append(gap + Formats.duration(milliseconds: elapsed))
    }
    if let eta = eta(model, isShort: isShort) {
      rest.append(gap + "ETA ", theme.dim)
      rest.append(eta)
    }
    if model.run.failsFast, !isShort { rest.append(gap + "fail-fast", theme.dim) }
    return rest
  }

  /// `0:01:05 ±0:20`, `≥ 0:01:05`, `unknown`; empty if there is nothing to wait for.
  static func eta(_ model: Model, isShort: Bool) -> String? {
    guard model.phase == .live, model.run.startedAt != nil, !model.run.isPaused,
      !model.lacksEngine
    else { return nil }
    let theme = model.theme
    switch model.forecast {
    case .unknown: return "unknown"
    // Without a lower bound there is nothing to say.
    case .atLeast(..<1000): return "unknown"
    case .atLeast(let time):
      return (theme.ascii ? ">= " : "\u{2265} ") + Formats.duration(milliseconds: time)
    case .about(let time, let spread):
      let eta = Formats.duration(milliseconds: max(1000, time))
      // A tenth is within the error of the estimate.
      guard !isShort, spread >= 1000, spread * 10 >= time else { return eta }
      return eta + (theme.ascii ? " +-" : " \u{B1}") + Self.minutes(spread)
    }
  }

  /// `0:20`; from an hour on, `1:00:20`.
  private static func minutes(_ milliseconds: Int) -> String {
    let text = Formats.duration(milliseconds: milliseconds)
    return text.hasPrefix("0:") ? String(text.dropFirst(text.hasPrefix("0:0") ? 3 : 2)) : text
  }

  /// The look and words of the run's state: `failed, open: r retries`.
  static func standing(_ model: Model) -> (TaskAppearance, String) {
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

  /// Redis, workers, slots; the longest variant that leaves room for the name.
  private static func surroundings(_ model: Model) -> [Line] {
    if let replay = model.replay {
      return [false, true].map { model.replayLine(replay, isShort: $0) }
    }
    guard model.phase != .closed else { return [connection(model)] }
    let theme = model.theme
    let workers = model.run.workers.filter { !$0.isGone }
    let gone = model.run.workers.count - workers.count
    let busy = min(model.slotCount, workers.reduce(0) { $0 + $1.busy })
    var health = Line("redis ", theme.dim)
    switch model.connection {
    case .live: health.append(theme.connected, theme.good)
    case .lost: health.append(theme.disconnected, theme.alarm)
    }
    var crew = Line()
    if !workers.isEmpty || gone > 0 {
      crew.append("\(workers.count)")
      if gone > 0 { crew.append(" \(theme.glyph(.lost)) \(gone) gone", theme.warning) }
    }
    let slots = model.slotCount > 0 ? Line("\(busy)/\(model.slotCount)") : Line()
    func titled(_ title: String, _ figure: Line) -> Line {
      guard figure.width > 0 else { return Line() }
      var line = Line(title, theme.dim)
      line.append(figure)
      return line
    }
    let state = connection(model)
    // The state is also shown on the left and in the last row.
    let terse = model.connection == .live ? [] : [state]
    let (workersLine, slotsLine) = (titled("workers ", crew), titled("slots ", slots))
    return [
      joined([health, workersLine, slotsLine, state], gap: 3),
      joined([health, workersLine, slotsLine, state], gap: 1),
      joined([health, workersLine, slotsLine] + terse, gap: 1),
      joined([health, counted(crew, workers.count), slots] + terse, gap: 1),
      joined([health, slotsLine, state], gap: 1),
      joined([health, state], gap: 1),
      state,
    ]
  }

  /// `1 worker`
  private static func counted(_ crew: Line, _ count: Int) -> Line {
    var line = crew
    guard crew.width > 0 else { return line }
    line.append(count == 1 ? " worker" : " workers")
    return line
  }

  private static func joined(_ parts: [Line], gap: Int) -> Line {
    parts.reduce(into: Line()) { line, part in
      guard part.width > 0 else { return }
      if line.width > 0 { line.append(String(repeating: " ", count: gap)) }
      line.append(part)
    }
  }

  private static func connection(_ model: Model) -> Line {
    let theme = model.theme
    switch (model.phase, model.connection) {
    case (.closed, _): return Line("closed", theme.dim)
    case (_, .live) where model.lacksEngine: return Line("no engine", theme.warning)
    case (_, .lost): return Line("Redis lost, retrying", theme.warning)
    case (_, .live) where (model.lag ?? 0) >= lagWorthTelling:
      let lag = Formats.mean(milliseconds: Double(model.lag ?? 0))
      return Line("catching up, \(lag) behind", theme.warning)
    case (.open, _): return Line("open", theme.warning)
    case (.live, _): return Line("live", theme.good)
    }
  }

  // MARK: Second row

  /// Counts come first; the bar gets the rest.
  private static func progress(_ model: Model, columns: Int) -> Line {
    let (counts, theme) = (model.run.counts, model.theme)
    let figures = figures(model, isShort: columns < 90)
    let bar = max(8, min(columns * 2 / 5, columns - figures.width - 2))
    var line = ProgressBar.line(
      done: counts.done, active: counts[.running], failed: counts.needingAttention,
      total: counts.total, columns: bar, theme: theme)
    line.append("  ")
    line.append(figures)
    let rate = model.rate.rate(now: model.now, since: model.run.startedAt ?? 0)
    guard model.phase == .live, rate > 0 else { return line }
    var tail = Line("   " + Formats.rate(perSecond: rate))
    if !theme.ascii, columns - line.width - tail.width > 10 {
      tail.append(" " + sparkline(model.rate.history(seconds: 8, now: model.now)), theme.dim)
    }
    if line.width + tail.width <= columns { line.append(tail) }
    return line
  }

  /// `612/1000   ✔ 612  ▶ 4  ◌ 382  ✘ 2`
  private static func figures(_ model: Model, isShort: Bool) -> Line {
    let (counts, theme) = (model.run.counts, model.theme)
    var line = Line("\(counts.done)/\(counts.total)", theme.strong)
    line.append(isShort ? "" : " ")
    for state in [
      TaskState.succeeded, .running, .starting, .queued, .submitted, .ready, .held, .waiting,
      .retrying, .failed, .lost, .skipped, .cancelled,
    ] where counts[state] > 0 {
      let appearance = TaskAppearance(state)
      let blank = isShort && !theme.isSpoken ? "" : " "
      line.append("  \(theme.glyph(appearance))\(blank)\(counts[state])", theme.style(appearance))
    }
    return line
  }

  private static func sparkline(_ values: [Int]) -> String {
    let steps = Array("▁▂▃▄▅▆▇█")
    let most = max(1, values.max() ?? 1)
    return String(values.map { steps[min(7, $0 * 7 / most)] })
  }
}
