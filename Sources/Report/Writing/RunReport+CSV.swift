import Engine
import JobProtocol
import Workflow

/// The report as CSV (RFC 4180): a line for each attempt, and for each task without attempts. A
/// ' is put before text that a spreadsheet would take for a formula.
extension RunReport {
  public var csv: String {
    var lines = [Self.columns.joined(separator: ",")]
    for task in tasks {
      if task.attempts.isEmpty { lines.append(line(task, nil)) }
      for attempt in task.attempts { lines.append(line(task, attempt)) }
    }
    return lines.joined(separator: "\r\n") + "\r\n"
  }

  static let columns =
    ["task", "process", "firing", "stage", "state", "critical", "attempt", "reason", "outcome"]
    + ["cause", "host", "worker", "made_at_ms", "started_at_ms", "ended_at_ms"]
    + AttemptTimes.Phase.allCases.map { "\($0.word)_ms" }
    + [
      "user_ms", "system_ms", "max_rss_kb", "read_bytes", "written_bytes", "command", "last_words",
    ]

  private func line(_ task: TaskFigures, _ attempt: AttemptFigures?) -> String {
    let stage = stages.indices.contains(task.stage) ? stages[task.stage].name : ""
    var cells = [
      CSVCell.text(task.label), "\(task.id.process.number)", "\(task.id.number)",
      CSVCell.text(stage), "\(task.state)", task.isOnPath ? "1" : "0",
    ]
    let moments = [attempt?.madeAt, attempt?.times.startedAt, attempt?.endedAt]
    let phases = AttemptTimes.Phase.allCases.map { attempt?.times[$0] }
    let usage = attempt?.usage
    let outcome = attempt?.outcome.map { $0 == .succeeded ? "succeeded" : "failed" }
    cells += [CSVCell.number(attempt?.number), attempt?.reason?.rawValue ?? "", outcome ?? ""]
    cells += [attempt?.cause?.summary, attempt?.executor?.host, attempt?.executor?.name]
      .map { CSVCell.text($0 ?? "") }
    cells += (moments + phases).map(CSVCell.number)
    cells += [
      usage?.userMilliseconds, usage?.systemMilliseconds, usage?.maxResidentKilobytes,
      usage?.bytesRead, usage?.bytesWritten,
    ].map(CSVCell.number)
    cells += [task.command, attempt?.outcomeText ?? ""].map(CSVCell.text)
    return cells.joined(separator: ",")
  }
}

enum CSVCell {
  static func number(_ number: Int?) -> String { number.map(String.init) ?? "" }

  /// On one line, quoted if necessary, never a formula.
  static func text(_ value: String) -> String {
    var text = value.displayName
    if let first = text.utf8.first, "=+-@".utf8.contains(first) { text = "'" + text }
    guard text.utf8.contains(where: { ",\"'".utf8.contains($0) }) || text.hasPrefix(" ") else {
      return text
    }
    return "\""
      + text.split(separator: "\"", omittingEmptySubsequences: false)
      .joined(separator: "\"\"") + "\""
  }
}
