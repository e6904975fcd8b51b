internal import Engine
internal import HumanText
internal import JobProtocol
internal import Workflow

/// The task table: only the rows on the screen are looked at.
enum TasksView {
  static func draw(_ model: Model, in area: Rectangle, on buffer: inout CellBuffer) {
    let inner = area.inset(padding: 1)
    let (tasks, window) = (model.tasks, model.tasks.window)
    guard tasks.count > 0 else {
      let text =
        tasks.isFiltered
        ? "no task fits: Esc shows all" : "no tasks yet: they come when the run starts"
      Frame.drawEmpty(text, in: area, theme: model.theme, on: &buffer)
      return
    }
    let columns = Columns(model, width: inner.columns)
    for offset in 0..<inner.rows {
      guard let firing = tasks.firing(at: window.top + offset) else { break }
      buffer.write(
        line(model, firing, columns), at: Point(column: inner.column, row: inner.row + offset),
        width: inner.columns)
    }
    if let cursor = tasks.cursor {
      Frame.markCursor(
        row: inner.row + cursor - window.top, in: area, isFocused: model.focus == .tasks,
        theme: model.theme, on: &buffer)
    }
    Frame.drawScroll(
      top: window.top, height: inner.rows, count: tasks.count, in: area, theme: model.theme,
      on: &buffer)
  }

  /// Widths; 0 leaves a column out. The last line of output takes the rest.
  struct Columns: Equatable {
    let label: Int
    let state: Int
    let duration = 9
    let host: Int
    let attempt = 4
    let rest: Int

    init(_ model: Model, width: Int) {
      let widest = model.run.graph.stages.prefix(500).enumerated().map { index, stage in
        DisplayWidth.of(stage.name.displayName) + 1
          + "\(model.run.stages[guarding: index]?.counts.total ?? 0)".utf8.count
      }
      label = min(max(10, widest.max() ?? 10), max(12, width / 2 - 2))
      state = width >= 64 ? 15 : 11
      let widestHost = model.run.workers.map { DisplayWidth.of($0.host.displayName) }.max() ?? 0
      let left = width - 2 - label - 1 - state - duration - attempt
      host = left >= 28 ? min(widestHost, 16) + 2 : 0
      rest = max(0, left - host)
    }
  }

  private static func line(_ model: Model, _ firing: FiringID, _ columns: Columns) -> Line {
    let (run, theme) = (model.run, model.theme)
    let record = run.task(firing)
    let state = run.state(of: firing)
    let look = TaskLook(state)
    let calm = look == .waiting || look == .succeeded || look == .skipped || look == .cancelled
    let text = calm ? theme.dim : .plain
    var line = Line(theme.glyph(look) + " ", theme.listStyle(look))
    let label = Truncation.middle(run.label(firing), columns.label, ellipsis: theme.ellipsis)
    line.column(label, columns.label, text, ellipsis: theme.ellipsis)
    line.append(" ")
    guard let record, let attempt = record.lastAttempt else {
      line.append(state == .waiting ? why(model, firing) : look.word, text)
      return line
    }
    let word = stateText(record)
    line.column(word, columns.state, wordStyle(look, theme), ellipsis: theme.ellipsis)
    let duration =
      attempt.duration(now: model.now)
      .map { Formats.duration(milliseconds: $0, fine: state != .running) } ?? ""
    line.rightColumn(duration, columns.duration - 1, text, ellipsis: theme.ellipsis)
    line.append(" ")
    if columns.host > 0 {
      line.append(" ")
      let host = attempt.executor?.host.displayName ?? ""
      line.column(host, columns.host - 1, theme.dim, ellipsis: theme.ellipsis)
    }
    let tries = attempt.number > 1 ? "#\(attempt.number)" : ""
    line.column(tries, columns.attempt - 1, theme.warning, ellipsis: theme.ellipsis)
    line.append(" ")
    line.append(
      Truncation.end(note(model, record), columns.rest, ellipsis: theme.ellipsis), theme.dim)
    return line
  }

  /// What the task says now, or said before it failed. Nobody reads the last words of what went
  /// well.
  private static func note(_ model: Model, _ record: TaskRecord) -> String {
    if record.state.isDone { return "" }
    return model.lastLines[record.id] ?? record.lastWords
  }

  private static func wordStyle(_ look: TaskLook, _ theme: Theme) -> Style {
    var style = theme.listStyle(look)
    style.attributes.remove(.bold)
    return style
  }

  static func stateText(_ record: TaskRecord) -> String {
    if record.lastAttempt?.isCancelRequested == true, !record.state.isOver { return "cancelling" }
    if let cause = record.cause, record.state.needsAttention { return cause.summary.displayName }
    return TaskLook(record.state).word
  }

  /// What a task that has not fired waits for.
  static func why(_ model: Model, _ firing: FiringID) -> String {
    let lacks = model.run.lacks(of: firing.process)
    guard let first = lacks.first else { return "waits for its turn" }
    let name = model.run.workflow[first.signal].name.displayName
    let missing = first.need - first.have
    let what = missing == 1 ? name : "\(missing) \(model.theme.times) \(name)"
    let more = lacks.count > 1 ? " and \(lacks.count - 1) more" : ""
    return "waits for \(what)\(more)"
  }
}
