internal import Engine
internal import Workflow

extension Model {
  /// The size of a log's view; each of two logs has half of the pane.
  func logViewSize(isOther: Bool = false) -> LogViewport.ViewSize {
    let area = logArea
    var columns = area.columns - LogRows.prefixColumns(self)
    if log.other != nil { columns = (area.columns - 3) / 2 - LogRows.prefixColumns(self) }
    return LogViewport.ViewSize(
      height: max(1, area.rows - (log.other == nil ? 0 : 1)), columns: max(1, columns),
      wraps: log.settings.wraps, tail: logEnding(isOther: isOther) == nil ? 0 : 1)
  }

  /// Applies a change to the log and to the one beside it.
  mutating func eachLog(_ body: (inout LogViewport, LogViewport.ViewSize) -> Void) {
    let view = logViewSize()
    body(&log.viewport, view)
    // Moved out of the model, so that it is not copied by the change.
    guard var other = log.other else { return }
    let otherView = logViewSize(isOther: true)
    log.other = nil
    body(&other, otherView)
    log.other = other
  }

  /// The area of the lines, without the border.
  var logArea: Rectangle {
    if log.isTextOnly {
      return Rectangle(column: 0, row: 0, columns: size.columns, rows: size.rows)
    }
    return (layout.panes[.log] ?? layout.body).inset(padding: 1)
  }

  /// How the attempt ended; `nil` if it has not, or if several are merged.
  func logEnding(isOther: Bool = false) -> AttemptRecord? {
    var attempt = log.target.attempt
    if isOther, case .sideBySide(let one, _) = log.target { attempt = one }
    guard let attempt else { return nil }
    return run.record(of: attempt).flatMap { $0.outcome == nil ? nil : $0 }
  }
}

extension RunState {
  func record(of attempt: AttemptID) -> AttemptRecord? {
    task(attempt.firing)?.attempts.first { $0.number == attempt.number }
  }
}
