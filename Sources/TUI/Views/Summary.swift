public import Engine
internal import HumanText
internal import JobProtocol
internal import Workflow

/// The lines that are printed after the screen has closed, and at the end of a headless run.
public enum Summary {
  /// At most `limit` plain lines; lines about tasks are cut to `columns`, commands are not. A
  /// run that lacks an engine is called interrupted.
  public static func lines(
    _ run: RunState, now: Int, lacksEngine: Bool = false, ascii: Bool = false, columns: Int = 100,
    limit: Int = 20
  ) -> [String] {
    let theme = Theme(ascii: ascii)
    let available = max(1, limit - 4)
    let rows = failures(run, theme) + blockages(run, theme) + fileWarnings(run)
    var shown = rows.prefix(rows.count > available ? available - 1 : available)
      .map { Truncation.end($0, columns, ellipsis: theme.ellipsis) }
    if rows.count > available { shown.append("  and \(rows.count - available + 1) more") }
    return [headline(run, now: now, lacksEngine: lacksEngine)] + shown
      + advice(run, lacksEngine: lacksEngine)
  }

  /// A line of job output without colours and control characters.
  public static func shown(_ line: String) -> String {
    OutputText.lines([Array("\(line)\n".utf8)]).first?.trimmedEnd ?? ""
  }

  static func headline(_ run: RunState, now: Int, lacksEngine: Bool = false) -> String {
    let name = (run.info?.name ?? run.workflow.name).displayName
    let id = run.info.map { " " + $0.run.prefix(4) } ?? ""
    let counts = run.counts
    var parts = ["\(counts[.succeeded]) succeeded"]
    func add(_ count: Int, _ word: String) { if count > 0 { parts.append("\(count) \(word)") } }
    add(counts[.failed], "failed")
    add(counts[.lost], "lost")
    add(counts[.cancelled], "cancelled")
    add(counts[.skipped], "skipped")
    add(counts.active, "running or queued")
    add(counts[.waiting], run.settledAt == nil ? "waiting" : "never ran")
    let state =
      if run.settledAt != nil || run.isFinished { "\(word(run.status)) after" } else {
        lacksEngine ? "is interrupted after" : "is still running after"
      }
    let time = Formats.duration(milliseconds: run.elapsed(now: now))
    return "\(name)\(id) \(state) \(time): \(parts.joined(separator: ", "))"
  }

  private static func word(_ status: RunStatus) -> String {
    status == .running ? "left" : status.word
  }

  private static func failures(
    _ run: RunState, _ theme: Theme
  ) -> [String] {
    let failed = run.processes.lazy.flatMap(\.tasks).filter(\.state.needsAttention)
    let rows = failed.map { record in
      (record, label: run.label(record.id).displayName, cause: causeText(record))
    }
    let labels = rows.map { DisplayWidth.of($0.label) }.max() ?? 0
    let causes = rows.map { DisplayWidth.of($0.cause) }.max() ?? 0
    return rows.map { record, label, cause in
      var line = Line("  \(theme.glyph(TaskAppearance(record.state))) ")
      line.column(label, min(labels, 30), ellipsis: theme.ellipsis)
      line.append("  ")
      line.column(cause, min(causes, 30), ellipsis: theme.ellipsis)
      line.append("  " + record.outcomeText)
      return line.text.trimmedEnd
    }
  }

  private static func causeText(_ record: TaskRecord) -> String {
    let count = record.attemptCount
    let tries = count > 1 ? " (\(count) attempts)" : ""
    return (record.cause?.summary.displayName ?? "") + tries
  }

  /// Processes that could not fire, if no failure explains it.
  private static func blockages(_ run: RunState, _ theme: Theme) -> [String] {
    guard run.status == .blocked else { return [] }
    return nothingStarted(run)
      + run.blocked.map { blocked in
        let next = FiringID(blocked.process, run.processes[blocked.process.index].tasks.count + 1)
        let missingInputs = blocked.missingInputs.map { input in
          "\(run.workflow[input.signal].name.displayName) (\(input.have) of \(input.need))"
        }
        let missing =
          missingInputs.isEmpty ? "" : "  lacks " + missingInputs.joined(separator: ", ")
        return "  \(theme.glyph(.waiting)) \(run.label(next))\(missing)"
      }
  }

  /// Tasks that succeeded without a file that they declare.
  private static func fileWarnings(_ run: RunState) -> [String] {
    run.fileWarnings.compactMap { attempt in
      guard let record = run.task(attempt.firing), record.lastAttempt?.number == attempt.number,
        let text = record.lastAttempt?.usage.missingFiles, !text.isEmpty
      else { return nil }
      return "  ! \(run.label(attempt.firing).displayName)  \(text.displayName)"
    }
  }

  private static func nothingStarted(_ run: RunState) -> [String] {
    guard run.processes.allSatisfy(\.tasks.isEmpty) else { return [] }
    let lacking = Set(run.blocked.flatMap(\.missingInputs).map(\.signal))
    let advice = run.workflow.ins.contains { lacking.contains($0) } ? " (run with -s)" : ""
    return ["  nothing could start: each process waits for a signal that nobody sent\(advice)"]
  }

  private static func advice(_ run: RunState, lacksEngine: Bool) -> [String] {
    guard let info = run.info else { return [] }
    let place = info.place.displayName
    if run.settledAt == nil && !run.isFinished {
      return [
        lacksEngine
          ? "  resume: hflow-tui resume \(info.run) -C \(place)"
          : "  watch: hflow-tui watch \(info.run) -C \(place)"
      ]
    }
    let resume =
      run.status == .cancelled ? ["  resume: hflow-tui resume \(info.run) -C \(place)"] : []
    guard run.counts.needingAttention > 0 else { return resume }
    return resume + [
      "  retry: hflow-tui retry \(info.run) --failed -C \(place)",
      "  report: hflow-tui report \(info.run) -C \(place)     output: \(info.outputs.displayName)",
    ]
  }
}

extension Model {
  func summary(ascii: Bool) -> [String] {
    Summary.lines(
      run, now: now, lacksEngine: lacksEngine, ascii: ascii || theme.ascii,
      columns: max(40, size.columns),
      limit: max(5, min(20, size.rows - 2)))
  }
}

extension TaskRecord {
  /// The text that best explains the end: the cause's detail, else the last line of output.
  var outcomeText: String { cause?.detail?.displayName ?? shownLastLine ?? "" }

  /// The last line of output as the log pane would show it.
  var shownLastLine: String? { lastLine.map(Summary.shown) }
}

extension String {
  var trimmedEnd: String {
    var text = self
    while text.last == " " { text.removeLast() }
    return text
  }
}
