internal import Engine
internal import Workflow

/// Two rows without a box: what runs and how it stands, then how far it is.
enum HeaderView {
  static func draw(_ model: Model, in area: Rectangle, on buffer: inout CellBuffer) {
    let right = surroundings(model)
    let left = title(model, columns: area.columns - right.width - 4)
    buffer.write(left, at: Point(column: 1, row: area.row), width: area.columns - 2)
    let start = area.columns - right.width - 1
    if start > left.width + 2 {
      buffer.write(right, at: Point(column: start, row: area.row))
    }
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
    let room = max(8, columns - rest.width)
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

  private static func surroundings(_ model: Model) -> Line {
    let theme = model.theme
    var line = Line()
    let workers = model.run.workers.filter { !$0.isGone }
    if model.phase != .closed {
      line.append("redis ", theme.dim)
      switch model.connection {
      case .live: line.append(theme.connected, theme.good)
      case .lost: line.append(theme.disconnected, theme.alarm)
      }
      if !workers.isEmpty {
        let busy = workers.reduce(0) { $0 + $1.busy }
        let slots = workers.reduce(0) { $0 + $1.slots }
        line.append("  workers ", theme.dim)
        line.append("\(workers.count)")
        line.append("  slots ", theme.dim)
        line.append("\(min(busy, slots))/\(slots)")
      }
      line.append("  ")
    }
    switch (model.phase, model.connection) {
    case (.closed, _): line.append("closed", theme.dim)
    case (_, .lost): line.append("reconnecting", theme.warning)
    case (.open, _): line.append("open", theme.warning)
    case (.live, _): line.append("live", theme.good)
    }
    return line
  }

  // MARK: Second row

  private static func progress(_ model: Model, columns: Int) -> Line {
    let (counts, theme) = (model.run.counts, model.theme)
    var line = ProgressBar.line(
      done: counts.done, active: counts[.running], failed: counts.needingAttention,
      total: counts.total, columns: max(10, columns * 2 / 5), theme: theme)
    line.append("  \(counts.done)/\(counts.total) ", theme.strong)
    for state in [
      TaskState.succeeded, .running, .queued, .ready, .waiting, .failed, .lost, .skipped, .cancelled,
    ] where counts[state] > 0 {
      let look = TaskLook(state)
      line.append(" \(theme.glyph(look)) \(counts[state]) ", theme.style(look))
    }
    let rate = model.rate.rate(now: model.now)
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
