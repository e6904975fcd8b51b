internal import Engine
internal import HumanText
internal import JobProtocol
internal import Workflow

/// All details of a task.
enum DetailView {
  private static let labelWidth = 10

  static func draw(_ model: Model, in area: Rectangle, on buffer: inout CellBuffer) {
    guard let firing = model.selected else {
      let text = "select a task in pane 2 to see its detail"
      return Frame.drawEmpty(text, in: area, theme: model.theme, on: &buffer)
    }
    ScrolledLines.draw(
      lines(model, firing), from: model.detail.top, in: area, theme: model.theme, on: &buffer)
    let files = DetailFiles.links(model, firing)
    buffer.link(in: area.inset(padding: 1)) { files[$0] }
  }

  static func lines(_ model: Model, _ firing: FiringID) -> [Line] {
    let area = model.layout.panes[.detail] ?? model.layout.body
    let width = max(20, area.inset(padding: 1).columns - labelWidth)
    let hasFailed = model.run.state(of: firing).needsAttention
    let lastOutput = lastLine(model, firing)
    let sections: [(String, [Line])] = [
      ("state", stateLine(model, firing).wrapped(to: width, margin: 2)),
      ("last line", hasFailed ? lastOutput : []),
      (
        "why",
        DetailReasons.lines(model, firing, width: width).flatMap {
          $0.wrapped(to: width, margin: 2)
        }
      ),
      ("process", processLine(model, firing).wrapped(to: width, margin: 2)),
      ("command", command(model, firing, width: width, rows: max(1, area.rows / 3))),
      ("inputs", DetailFiles.inputs(model, firing, width: width)),
      ("outputs", DetailFiles.outputs(model, firing, width: width)),
      ("warning", warning(model, firing, width: width)),
      ("attempts", DetailAttempts.lines(model, firing, width: width)),
      ("time", timeLines(model, firing, width: width)),
      ("usage", DetailUsage.lines(model, firing, width: width)),
      ("last line", hasFailed ? [] : lastOutput),
    ]
    return sections.flatMap { name, lines in
      lines.enumerated().map { index, content in
        var line = Line()
        line.column(
          index == 0 ? name : "", labelWidth, model.theme.dim, ellipsis: model.theme.ellipsis)
        line.append(content)
        return line
      }
    }
  }

  // MARK: State

  private static func stateLine(_ model: Model, _ firing: FiringID) -> Line {
    let (run, theme) = (model.run, model.theme)
    let appearance = TaskRow.appearance(run, firing)
    var line = Line("\(theme.glyph(appearance)) \(appearance.word)", theme.style(appearance))
    guard let record = run.task(firing) else {
      if let since = run.startedAt, run.settledAt == nil {
        line.append("  " + Formats.duration(milliseconds: model.now - since))
      }
      return line
    }
    if record.lastAttempt?.isCancelRequested == true, !record.state.isOver {
      line.append("  cancelling", theme.warning)
    }
    if record.state.needsAttention || record.state == .retrying, let cause = record.cause {
      line.append("  \(cause.summary.displayName)")
      if let detail = cause.detail { line.append(": \(detail.displayName)", theme.dim) }
    } else if let duration = record.lastAttempt?.duration(now: model.now) {
      line.append("  " + Formats.mean(milliseconds: Double(duration)))
    }
    if let attempt = record.lastAttempt, !record.state.isOver, let executor = attempt.executor {
      let pid = attempt.pid.map { ", process \($0)" } ?? ""
      line.append("  on \(executor.host.displayName)\(pid)", theme.dim)
    }
    return line
  }

  private static func processLine(_ model: Model, _ firing: FiringID) -> Line {
    let process = model.run.workflow[firing.process]
    let limit = process.effectiveFiringLimit.map { " of \($0)" } ?? ""
    var line = Line("\(process.name.displayName)")
    line.append(
      "  number \(process.id), firing \(firing.number)\(limit)"
        + (process.kind == .dataflow ? "" : ", \(process.kind.rawValue)"), model.theme.dim)
    return line
  }

  // MARK: Command

  private static func command(
    _ model: Model, _ firing: FiringID, width: Int, rows: Int
  ) -> [Line] {
    let theme = model.theme
    guard let command = model.run.command(of: firing) else {
      var line = Line(model.run.workflow[firing.process].summary)
      line.append("  (in-engine function)", theme.dim)
      return [line]
    }
    let edit = model.run.task(firing)?.lastAttempt?.edit
    var notes = Line()
    if edit?.executable != nil || edit?.arguments != nil {
      notes.append("edited   ", theme.warning)
    }
    if model.focus == .detail {
      notes.append("\(model.keyName(.detail(.copy))) copies", theme.dim)
    }
    let text = Line(CommandText.text(command).displayName)
      .cut(to: width * rows - notes.width - 3, ellipsis: theme.ellipsis)
    var lines = text.wrapped(to: width)
    if notes.width == 0 {
      // There are no notes to append.
    } else if lines[lines.count - 1].width + 3 + notes.width > width {
      lines.append(notes)
    } else {
      lines[lines.count - 1].append("   ")
      lines[lines.count - 1].append(notes)
    }
    if !command.directory.isEmpty {
      lines.append(Line("in \(command.directory.displayName)", theme.dim))
    }
    for (name, value) in command.environment.sorted(by: { $0.key < $1.key }) {
      var line = Line("\(name)=\(value)".displayName, theme.dim)
      if edit?.environment[name] != nil { line.append("  edited", theme.warning) }
      lines.append(line)
    }
    if let timeout = command.timeout {
      var line = Line("time limit \(CommandText.text(timeout: timeout))", theme.dim)
      if edit?.timeout != nil { line.append("  edited", theme.warning) }
      lines.append(line)
    }
    return lines
  }

  /// The phases of the last attempt, and the expected end of the run.
  private static func timeLines(_ model: Model, _ firing: FiringID, width: Int) -> [Line] {
    var lines: [Line] = []
    if let attempt = model.run.task(firing)?.lastAttempt {
      let bar = PhaseBar.line(
        PhaseBar.Times(AttemptTimes(attempt)), columns: width, theme: model.theme)
      if bar.width > 0 { lines.append(bar) }
    }
    if HeaderView.eta(model) != nil, case .about(let time, let spread) = model.forecast {
      let (low, high) = (max(1000, time - spread), max(1000, time + spread))
      let range = [low, high].map { Formats.duration(milliseconds: $0) }
      if range[0] != range[1] {
        lines.append(Line("the run ends in \(range[0]) to \(range[1])", model.theme.dim))
      }
    }
    return lines
  }

  /// The declared files that the last attempt has missed.
  private static func warning(_ model: Model, _ firing: FiringID, width: Int) -> [Line] {
    let text = model.run.task(firing)?.lastAttempt?.usage.missingFiles ?? ""
    return text.isEmpty ? [] : Line(text.displayName).wrapped(to: width, margin: 2)
  }

  /// The last output line received, else the one that the executor reported.
  private static func lastLine(_ model: Model, _ firing: FiringID) -> [Line] {
    let reported = model.run.task(firing)?.shownLastLine
    let hasFailed = model.run.state(of: firing).needsAttention
    let line = hasFailed ? reported ?? model.lastLines[firing] : model.lastLines[firing] ?? reported
    let width = (model.layout.panes[.detail] ?? model.layout.body).inset(padding: 1).columns
    return line.map { Line($0).wrapped(to: max(20, width - labelWidth), margin: 2) } ?? []
  }
}
