internal import Engine
internal import HumanText
internal import JobProtocol
internal import Workflow

/// The output of the selected task.
enum LogView {
  static func draw(_ model: Model, in area: Rectangle, on buffer: inout CellBuffer) {
    let inner = area.inset(padding: 1)
    let log = model.log
    let extent = log.extent(tail: model.logTail)
    guard log.attempt != nil, !extent.isEmpty else {
      Frame.drawEmpty(emptiness(model), in: area, theme: model.theme, on: &buffer)
      return
    }
    let first = log.firstShown(height: inner.rows, tail: model.logTail)
    let unfinished = log.unfinished
    for offset in 0..<inner.rows where first + offset < extent.upperBound {
      let place = first + offset - log.forgotten
      let row = log.rows[guarding: place] ?? unfinished[guarding: place - log.rows.count]
      let line = row.map { self.line(model, $0) } ?? endLine(model, columns: inner.columns)
      buffer.write(
        line.cut(to: inner.columns, ellipsis: model.theme.ellipsis),
        at: Point(column: inner.column, row: inner.row + offset), width: inner.columns)
    }
    Frame.drawScroll(
      top: first - extent.lowerBound, height: inner.rows, count: extent.count, in: area,
      theme: model.theme, on: &buffer)
  }

  private static func emptiness(_ model: Model) -> String {
    guard let selected = model.selected else { return "select a task in 2 to see its output" }
    switch model.run.state(of: selected) {
    case .waiting: return "not started: \(WaitText.text(model, selected) ?? "")"
    case .ready: return "not started: no slot yet"
    case .queued: return "not started: an executor has taken it"
    case .running: return "no output yet"
    default: return "no output"
    }
  }

  private static func line(_ model: Model, _ row: LogPane.Row) -> Line {
    let theme = model.theme
    switch row {
    case .output(let time, let isError, let text):
      var line = Line(Formats.time(milliseconds: time, offset: model.timeZoneOffset), theme.dim)
      line.append(" ")
      line.append(isError ? theme.errorMark : " ", theme.alarm)
      line.append(" ")
      line.append(text)
      return line
    case .dropped(let count):
      return Line(
        "         ! \(count) lines came too fast and are only in the log file", theme.warning)
    case .truncated:
      return Line("         ! the beginning is only in the log file", theme.warning)
    }
  }

  /// `──── exit 1 after 2.1 s, max 212 MB, node-a ────`
  private static func endLine(_ model: Model, columns: Int) -> Line {
    guard let attempt = model.endOfLoggedAttempt else { return Line() }
    let theme = model.theme
    let words = " \(ending(attempt)) "
    let lead = 10
    var line = Line(String(repeating: theme.rule, count: lead), theme.border)
    line.append(words, attempt.outcome == .succeeded ? theme.good : theme.alarm)
    let rest = columns - line.width
    line.append(String(repeating: theme.rule, count: max(0, rest)), theme.border)
    return line
  }

  static func ending(_ attempt: AttemptRecord) -> String {
    var words = "ended"
    switch attempt.outcome {
    case .succeeded: words = "done"
    case .failed(let cause): words = cause.summary.displayName
    case nil: break
    }
    if let duration = attempt.duration(now: attempt.endedAt ?? 0) {
      words += " after \(Formats.mean(milliseconds: Double(duration)))"
    }
    if attempt.usage.maxResidentKilobytes > 0 {
      words += ", max \(Formats.size(bytes: attempt.usage.maxResidentKilobytes * 1024))"
    }
    if let host = attempt.executor?.host { words += ", \(host.displayName)" }
    return words
  }
}
