internal import Engine
import HumanText
internal import JobProtocol
internal import Workflow

/// Draws the log pane: one log, two side by side, or text only.
enum LogView {
  static func draw(_ model: Model, in area: Rectangle, on buffer: inout CellBuffer) {
    let log = model.log
    let view = model.logViewSize()
    if log.viewport.shown(view).isEmpty, log.other == nil {
      Frame.drawEmpty(emptyText(model), in: area, theme: model.theme, on: &buffer)
    } else if log.other == nil, !log.hasOutput,
      case .failed(let cause)? = model.logEnding()?.outcome
    {
      let inner = area.inset(padding: 1)
      let lines = explanation(cause, model).flatMap { $0.wrapped(to: inner.columns) }
      let shown = lines + LogRows.lines(model)
      draw(shown, model, in: inner, on: &buffer)
      drawEnding(model, in: inner, below: shown.count, on: &buffer)
    } else if log.other != nil {
      drawSideBySide(model, in: area.inset(padding: 1), on: &buffer)
    } else {
      let lines = LogRows.lines(model)
      draw(lines, model, in: area.inset(padding: 1), on: &buffer)
      drawEnding(model, in: area.inset(padding: 1), below: lines.count, on: &buffer)
      drawScroll(model, view, in: area, on: &buffer)
    }
    LogFooter.draw(model, in: area, on: &buffer)
  }

  /// Text only, without a border.
  static func drawTextOnly(_ model: Model, on buffer: inout CellBuffer) {
    draw(LogRows.lines(model), model, in: model.logArea, on: &buffer)
  }

  private static func draw(
    _ lines: [Line], _ model: Model, in area: Rectangle, on buffer: inout CellBuffer
  ) {
    for (row, line) in lines.enumerated() {
      buffer.write(
        line.cut(to: area.columns, ellipsis: model.theme.ellipsis),
        at: Point(column: area.column, row: area.row + row), width: area.columns)
    }
  }

  /// The figures of a run that has ended, in the empty rows below its log.
  private static func drawEnding(
    _ model: Model, in area: Rectangle, below row: Int, on buffer: inout CellBuffer
  ) {
    guard model.phase != .live, let ending = model.ending else { return }
    let lines = ending.lines(model.theme, columns: area.columns)
    let free = area.rows - row - 2
    guard free >= min(2, lines.count) else { return }
    let top = area.row + row + 1
    let (appearance, words) = HeaderView.runState(model)
    var title = Line("the run ", model.theme.dim)
    title.append(String(words.prefix { $0 != "," }), model.theme.style(appearance))
    let place = Rectangle(
      column: area.column, row: top, columns: area.columns, rows: area.endRow - top)
    draw([title] + lines.prefix(free), model, in: place, on: &buffer)
    let files = Set(ending.files)
    buffer.link(in: place) { files.contains($0) ? model.address(ofFile: $0) : nil }
  }

  private static func drawScroll(
    _ model: Model, _ view: LogViewport.ViewSize, in area: Rectangle, on buffer: inout CellBuffer
  ) {
    let shown = model.log.viewport.shown(view)
    guard let first = shown.first, let last = shown.last else { return }
    let count = max(model.log.viewport.count, last.index + 1)
    let visible = last.index - first.index + 1
    guard visible < count else { return }
    // The scroll bar treats each line as one row.
    let height = area.inset().rows
    Frame.drawScroll(
      top: first.index * max(1, count - height) / max(1, count - visible), height: height,
      count: max(count, height + 1), in: area, theme: model.theme, on: &buffer)
  }

  // MARK: Side by side

  private static func drawSideBySide(
    _ model: Model, in area: Rectangle, on buffer: inout CellBuffer
  ) {
    guard case .sideBySide(let one, let two) = model.log.target else { return }
    // Both have equal width; a remaining column is between them.
    let half = (area.columns - 3) / 2
    let (left, rest) = area.split(columns: half)
    let (middle, right) = rest.split(columns: area.columns - 2 * half)
    for row in area.row..<area.endRow {
      buffer.write(
        model.theme.ascii ? "|" : "│", at: Point(column: middle.column + 1, row: row),
        style: model.theme.border)
    }
    for (attempt, side, isOther) in [(one, left, true), (two, right, false)] {
      let (head, body) = side.split(rows: 1)
      draw([heading(model, attempt, columns: half)], model, in: head, on: &buffer)
      draw(LogRows.lines(model, isOther: isOther), model, in: body, on: &buffer)
    }
  }

  private static func heading(_ model: Model, _ attempt: AttemptID, columns: Int) -> Line {
    let theme = model.theme
    var line = Line("attempt \(attempt.number)", theme.strong)
    guard let record = model.run.record(of: attempt) else { return line }
    let words = LogRows.endText(record, columns: columns - line.width - 2)
    switch record.outcome {
    case .succeeded: line.append("  \(words)", theme.good)
    case .failed: line.append("  \(words)", theme.bad)
    case nil: line.append("  running", theme.dim)
    }
    return line
  }

  // MARK: Nothing to show

  /// Why a job that failed has no output.
  private static func explanation(_ cause: FailureCause, _ model: Model) -> [Line] {
    let edit = model.keyName(.task(.edit))
    let (failureText, note) =
      switch cause {
      case .notFound(let text), .image(let text), .container(let text),
        .invalidMessage(let text), .refused(let text), .error(let text):
        (text, "the program was not started: \(edit) edits the command and retries")
      case .file(let text): (text, missingOutput(model))
      case .lost(let text): (text, "its output is lost with its executor")
      case .exit, .signal, .outOfMemory, .timeout, .cancelled: ("", missingOutput(model))
      }
    let lines = failureText.isEmpty ? [] : [Line(failureText.displayName, model.theme.bad)]
    return lines + [Line(note, model.theme.dim)]
  }

  /// Executors report the line that explains a failure, and none if there was no output.
  private static func missingOutput(_ model: Model) -> String {
    let line = model.logEnding().map { Summary.shown($0.usage.lastLine) } ?? ""
    return line.isEmpty
      ? "it has printed nothing"
      : "the job's output is not in the log; its executor reported: \(line)"
  }

  private static func emptyText(_ model: Model) -> String {
    let log = model.log
    if !log.viewport.book.store.isEmpty {
      let text = log.settings.filter.map { "no line matches \($0.text)" } ?? "no output here"
      return "\(text) (Esc: show all \(Formats.counted(log.viewport.book.store.count, "line")))"
    }
    if log.target.isMerged { return "no output yet" }
    guard let selected = model.selected else { return "select a task in pane 2 to see its output" }
    switch model.run.state(of: selected) {
    case .waiting: return "not started: \(WaitText.text(model, selected) ?? "")"
    case .ready, .submitted, .queued:
      return "not started: \(WaitText.text(model, selected) ?? "")"
    case .starting: return "not started: an executor has it"
    case .held: return "not started: held"
    case .running: return "no output yet"
    case .retrying, .succeeded, .failed, .lost, .skipped, .cancelled: return "no output"
    }
  }
}
