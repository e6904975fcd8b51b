internal import Engine
internal import HumanText
internal import Workflow

/// Two rows without a box: what runs and how it stands, then how far it is.
enum HeaderView {
  static func draw(_ model: Model, in area: Rectangle, on buffer: inout CellBuffer) {
    let whole = title(model, columns: .max)
    let right = surroundings(model).first { whole.width + $0.width + 4 <= area.columns } ?? Line()
    let left = title(model, columns: area.columns - right.width - 4)
    buffer.write(left, at: Point(column: 1, row: area.row), width: area.columns - 2)
    let start = Point(column: area.columns - right.width - 1, row: area.row)
    buffer.write(right, at: start)
    buffer.write(
      progress(model, columns: area.columns - 2), at: Point(column: 1, row: area.row + 1),
      width: area.columns - 2)
  }

  // MARK: First row

  static func title(_ model: Model, columns: Int) -> Line {
    let theme = model.theme
    var rest = Line()
    if let run = model.run.info?.run { rest.append("  " + String(run.prefix(4)), theme.dim) }
    let (look, words) = standing(model)
    rest.append("   ")
    rest.append("\(theme.glyph(look)) \(words)", theme.style(look))
    if model.run.startedAt != nil {
      let elapsed = model.run.elapsed(now: model.now)
      rest.append("   " + Formats.duration(milliseconds: elapsed))
    }
    let name = (model.run.info?.name ?? model.run.workflow.name).displayName
    let room = columns == .max ? columns : max(8, columns - rest.width)
    var line = Line(Truncation.middle(name, room, ellipsis: theme.ellipsis), theme.strong)
    line.append(rest)
    return line
  }

  /// The run's state as a look and words: `failed, open: r retries`.
  static func standing(_ model: Model) -> (TaskLook, String) {
    let isOpen = model.phase == .open
    switch model.run.status {
    case .running: return model.run.startedAt == nil ? (.ready, "starting") : (.running, "running")
    case .succeeded: return (.succeeded, "succeeded")
    case .failed: return (.failed, isOpen ? "failed, open: r retries" : "failed")
    case .blocked: return (.held, isOpen ? "blocked, open" : "blocked")
    case .cancelled: return (.cancelled, "stopped")
    }
  }

  /// What is around the run, the fullest first: one is taken that leaves room for the name.
  private static func surroundings(_ model: Model) -> [Line] {
    guard model.phase != .closed else { return [connection(model)] }
    let theme = model.theme
    let workers = model.run.workers.filter { !$0.isGone }
    let slots = workers.reduce(0) { $0 + $1.slots }
    let busy = min(slots, workers.reduce(0) { $0 + $1.busy })
    return [(true, true), (false, true), (false, false)].map { hasWorkers, hasSlots in
      var line = Line("redis ", theme.dim)
      switch model.connection {
      case .live: line.append(theme.connected, theme.good)
      case .lost: line.append(theme.disconnected, theme.alarm)
      }
      if hasWorkers && !workers.isEmpty {
        line.append("  workers ", theme.dim)
        line.append("\(workers.count)")
      }
      if hasSlots && !workers.isEmpty {
        line.append("  slots ", theme.dim)
        line.append("\(busy)/\(slots)")
      }
      line.append("  ")
      line.append(connection(model))
      return line
    } + [connection(model)]
  }

  private static func connection(_ model: Model) -> Line {
    let theme = model.theme
    switch (model.phase, model.connection) {
    case (.closed, _): return Line("closed", theme.dim)
    case (_, .lost): return Line("reconnecting", theme.warning)
    case (.open, _): return Line("open", theme.warning)
    case (.live, _): return Line("live", theme.good)
    }
  }

  // MARK: Second row

  private static func progress(_ model: Model, columns: Int) -> Line {
    let (counts, theme) = (model.run.counts, model.theme)
    var line = ProgressBar.line(
      done: counts.done, active: counts[.running], failed: counts.needingAttention,
      total: counts.total, columns: max(10, columns * 2 / 5), theme: theme)
    line.append("  \(counts.done)/\(counts.total) ", theme.strong)
    for state in [
      TaskState.succeeded, .running, .queued, .ready, .held, .waiting, .retrying, .failed, .lost,
      .skipped,
      .cancelled,
    ] where counts[state] > 0 {
      let look = TaskLook(state)
      line.append(" \(theme.glyph(look)) \(counts[state]) ", theme.style(look))
    }
    let rate = model.rate.rate(now: model.now, since: model.run.startedAt ?? 0)
    guard model.phase == .live, rate > 0 else { return line }
    var tail = Line("  " + Formats.rate(perSecond: rate))
    if !theme.ascii, columns - line.width - tail.width > 10 {
      tail.append(" " + sparkline(model.rate.history(seconds: 8, now: model.now)), theme.dim)
    }
    if line.width + tail.width <= columns { line.append(tail) }
    return line
  }

  private static func sparkline(_ values: [Int]) -> String {
    let steps = Array("▁▂▃▄▅▆▇█")
    let most = max(1, values.max() ?? 1)
    return String(values.map { steps[min(7, $0 * 7 / most)] })
  }
}
