internal import Engine
internal import HumanText
internal import JobProtocol
internal import Workflow

/// Everything one would ask about a task.
enum DetailView {
  static func draw(_ model: Model, in area: Rectangle, on buffer: inout CellBuffer) {
    guard let firing = model.selected else {
      return Frame.drawEmpty(
        "select a task in 2 to see all about it", in: area, theme: model.theme, on: &buffer)
    }
    ScrolledLines.draw(
      lines(model, firing), from: model.detail.top, in: area, theme: model.theme, on: &buffer)
  }

  static func lines(_ model: Model, _ firing: FiringID) -> [Line] {
    let sections: [(String, [Line])] = [
      ("state", [stateLine(model, firing)]),
      ("why", reasons(model, firing)),
      ("process", [Line(processText(model, firing))]),
      ("command", [Line(model.run.workflow[firing.process].summary)]),
      ("inputs", inputs(model, firing)),
      ("outputs", outputs(model, firing)),
      ("attempts", attempts(model, firing)),
      ("last line", lastLine(of: firing, in: model)),
    ]
    return sections.flatMap { name, lines in
      lines.enumerated().map { index, content in
        var line = Line()
        line.column(index == 0 ? name : "", 11, model.theme.dim, ellipsis: model.theme.ellipsis)
        line.append(content)
        return line
      }
    }
  }

  /// What has been seen of its output, else what its executor reported.
  private static func lastLine(of firing: FiringID, in model: Model) -> [Line] {
    let reported = model.run.task(firing)?.shownLastLine
    return (model.lastLines[firing] ?? reported).map { [Line($0)] } ?? []
  }

  private static func processText(_ model: Model, _ firing: FiringID) -> String {
    let process = model.run.workflow[firing.process]
    let limit = process.firingLimit.map { " of \($0)" } ?? ""
    return "\(process.name.displayName), number \(process.id), firing \(firing.number)\(limit)"
  }

  // MARK: State

  private static func stateLine(_ model: Model, _ firing: FiringID) -> Line {
    let theme = model.theme
    let look = TaskLook(model.run.state(of: firing))
    var line = Line("\(theme.glyph(look)) \(look.word)", theme.style(look))
    guard let record = model.run.task(firing) else { return line }
    if record.state.needsAttention, let cause = record.cause {
      line.append("  \(cause.summary.displayName)")
      if let detail = cause.detail { line.append(": \(detail.displayName)", theme.dim) }
    } else if let duration = record.lastAttempt?.duration(now: model.now) {
      line.append("  " + Formats.duration(milliseconds: duration, fine: record.state.isOver))
    }
    return line
  }

  private static func reasons(_ model: Model, _ firing: FiringID) -> [Line] {
    switch model.run.state(of: firing) {
    case .waiting: return lackLines(model, firing)
    case .ready:
      let slots = model.run.workers.filter { !$0.isGone }.reduce(0) { $0 + $1.slots }
      return [Line(slots == 0 ? "no executor has come yet" : "all \(slots) slots are taken")]
    case .failed, .lost, .cancelled:
      return [Line("it stays so by itself: r retries, s skips it as if it had succeeded")]
    default: return []
    }
  }

  /// For each missing signal how many there are, and how those stand that produce it.
  private static func lackLines(_ model: Model, _ firing: FiringID) -> [Line] {
    let (run, theme) = (model.run, model.theme)
    return run.lacks(of: firing.process).map { lack in
      let name = run.workflow[lack.signal].name.displayName
      var line = Line("\(name): \(lack.have) of \(lack.need) there.")
      let producers = run.workflow.producers(of: lack.signal)
      if producers.isEmpty { line.append("  Nothing in the workflow produces it.", theme.warning) }
      for producer in producers.prefix(3) {
        let next = FiringID(producer, max(1, run.processes[producer.index].tasks.count))
        let look = TaskLook(run.state(of: next))
        line.append("  \(theme.glyph(look)) ", theme.style(look))
        line.append(run.label(next))
      }
      if producers.count > 3 { line.append("  and \(producers.count - 3) more", theme.dim) }
      return line
    }
  }

  // MARK: Signals

  private static func inputs(_ model: Model, _ firing: FiringID) -> [Line] {
    let run = model.run
    let process = run.workflow[firing.process]
    let hasFired = run.task(firing) != nil
    let queued = run.processes[firing.process.index].queued
    return signalLines(
      model,
      process.inputs.enumerated().map { port, input in
        let isThere = hasFired || (queued[guarding: port] ?? 0) > 0
        return (run.workflow[input.signal].name.displayName, isThere)
      })
  }

  private static func outputs(_ model: Model, _ firing: FiringID) -> [Line] {
    let run = model.run
    let isDone = run.state(of: firing).isDone
    return signalLines(
      model,
      run.workflow[firing.process].outputs.map {
        (run.workflow[$0.signal].name.displayName, isDone)
      })
  }

  private static func signalLines(_ model: Model, _ signals: [(name: String, isThere: Bool)])
    -> [Line]
  {
    let theme = model.theme
    guard !signals.isEmpty else { return [Line("none", theme.dim)] }
    var lines = [Line()]
    for (name, isThere) in signals.prefix(200) {
      let look = isThere ? TaskLook.succeeded : .waiting
      var item = Line(theme.glyph(look) + " ", theme.style(look))
      item.append(name + "   ")
      if lines[lines.count - 1].width + item.width > max(20, model.size.columns - 16) {
        lines.append(Line())
      }
      lines[lines.count - 1].append(item)
    }
    if signals.count > 200 { lines.append(Line("and \(signals.count - 200) more", theme.dim)) }
    return lines
  }

  // MARK: Attempts

  private static func attempts(_ model: Model, _ firing: FiringID) -> [Line] {
    let theme = model.theme
    guard let record = model.run.task(firing), !record.attempts.isEmpty else {
      return [Line("none", theme.dim)]
    }
    let widths = [3, 18, 12, 8, 8, 8, 8]
    let names = ["", "end", "host", "queued", "ran", "cpu", "max"]
    func row(_ cells: [String], _ style: Style) -> Line {
      var line = Line()
      for (index, (cell, width)) in zip(cells, widths).enumerated() {
        if index < 3 {
          line.column(cell, width - 1, style, ellipsis: theme.ellipsis)
          line.append(" ")
        } else {
          line.rightColumn(cell, width, style, ellipsis: theme.ellipsis)
        }
      }
      return line
    }
    return [row(names, theme.dim)]
      + record.attempts.suffix(50).map { row(cells(of: $0, now: model.now), .plain) }
  }

  private static func cells(of attempt: AttemptRecord, now: Int) -> [String] {
    let end: String
    switch attempt.outcome {
    case .succeeded: end = "done"
    case .failed(let cause): end = cause.summary.displayName
    case nil: end = attempt.isCancelRequested ? "cancelling" : "under way"
    }
    let usage = attempt.usage
    let cpu = usage.userMilliseconds + usage.systemMilliseconds
    func duration(_ milliseconds: Int?) -> String {
      milliseconds.map { Formats.mean(milliseconds: Double(max(0, $0))) } ?? ""
    }
    let began = attempt.startedAt ?? attempt.endedAt
    let wait = began.flatMap { end in attempt.submittedAt.map { end - $0 } }
    return [
      "\(attempt.number)", end, attempt.executor?.host.displayName ?? "", duration(wait),
      duration(attempt.duration(now: now)), attempt.outcome == nil ? "" : duration(cpu),
      usage.maxResidentKilobytes > 0 ? Formats.size(bytes: usage.maxResidentKilobytes * 1024) : "",
    ]
  }
}
