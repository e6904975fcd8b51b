internal import Engine
internal import HumanText
internal import JobProtocol
internal import Workflow

/// The reasons why a task waits, as sentences, with the keys that help.
enum DetailReasons {
  /// How many names a sentence lists; the rest is counted.
  private static let names = 3

  static func lines(_ model: Model, _ firing: FiringID, width: Int) -> [Line] {
    let explanation = model.detail.explanation
    return explanation.reasons.flatMap { lines($0, model, width: width) }
      + stuck(explanation.stuck, model, width: width)
  }

  private static func lines(
    _ reason: Explanation.Reason, _ model: Model, width: Int
  ) -> [Line] {
    let theme = model.theme
    switch reason {
    case .signals(let missing): return signals(missing, model)
    case .upstream(let tasks):
      return [Line("runs again after ") + list(tasks, model)]
    case .earlierFirings(let count):
      return [Line("waits for \(Formats.counted(count, "earlier firing"))")]
    case .parlevel(let limit, let running):
      let verb = running.count == 1 ? " is running" : " are running"
      return [Line("parlevel \(limit): ") + list(running, model) + Line(verb)]
    case .sequence(let failed):
      return [Line("firings run in sequence, and ") + list([failed], model) + Line(" failed")]
    case .firingLimit(let limit):
      return [Line("its process has reached its limit of \(Formats.counted(limit, "firing"))")]
    case .finished: return [Line("its process is finished (done signal)")]
    case .interval(let milliseconds):
      return [Line("its process fires every \(Formats.mean(milliseconds: Double(milliseconds)))")]
    case .taskHeld: return [held("held", .task(.release), "releases it", model)]
    case .processHeld: return [Line("its process is held", theme.style(.held))]
    case .paused: return [held("the run is paused", .run(.pause), "continues", model)]
    case .noWorker: return [Line("no worker is running", theme.warning)] + places(model)
    case .slots(let total, let queue):
      let waiting = Formats.counted(queue, "task", "tasks")
      return [Line("all \(total) slots are busy; \(waiting) queued")] + places(model)
    case .queue(let invoker, let count):
      return [Line("queued at \(invoker.displayName) (\(count) waiting)")] + places(model)
    case .infrastructure(let job):
      let place = job.id.isEmpty ? "" : " as \(job.id.displayName)"
      return [Line("queued\(place): \(job.reason.displayName)")]
    case .starting: return [Line("about to start")]
    case .retryDue(let due):
      let seconds = max(0, due - model.now + 999) / 1000
      let text = "retry in \(seconds) s"
      return [held(text, .task(.retry), "starts it now", model, style: theme.style(.retrying))]
    case .failed: return [failed(model, width: width)]
    case .ended(let status):
      return [Line("the run has ended (\(status.word))")]
    case .ready: return [Line("ready to start")]
    }
  }

  // MARK: Places for workers

  /// Why there are no more workers: a line for each reason of each site.
  private static func places(_ model: Model) -> [Line] {
    var groups: [(first: Allocation, count: Int)] = []
    for place in model.run.allocations where place.state == .pending {
      let known = groups.firstIndex {
        $0.first.site == place.site && $0.first.reason == place.reason
      }
      if let known { groups[known].count += 1 } else { groups.append((place, 1)) }
    }
    return groups.prefix(names).map { place, count in
      let workers = count == 1 ? place.id.displayName : "\(count) workers"
      let waitReason = place.reason.isEmpty ? "" : ": \(place.reason.displayName)"
      return Line(
        "\(place.site.displayName): \(workers) pending\(waitReason)", model.theme.warning)
    }
  }

  // MARK: Signals

  private static func signals(_ missing: MissingSignals, _ model: Model) -> [Line] {
    let (run, theme) = (model.run, model.theme)
    func name(_ signal: SignalID) -> String { run.workflow[signal].name.displayName }
    var lines: [Line] = []
    if let enough = missing.enough {
      lines.append(Line("its join needs \(Formats.counted(enough, "branch", "branches"))"))
    }
    var line = Line(missingText(missing, name))
    for producers in missing.producers {
      line.append(line.width > 0 ? "  " : "")
      line.append(run.graph.stages[guarding: producers.stage]?.name.displayName ?? "", theme.strong)
      line.append(counts(producers.counts, theme))
    }
    lines.append(line)
    if !missing.fromOutside.isEmpty {
      let names = list(missing.fromOutside.map(name))
      lines.append(Line("nothing in the workflow sends \(names)", theme.warning))
    }
    if !missing.exhausted.isEmpty {
      let names = list(missing.exhausted.map(name))
      lines.append(Line("every task that could send \(names) has ended", theme.warning))
    }
    return lines
  }

  /// `382 of 580 signals are missing`, or the name of a single one.
  private static func missingText(
    _ missing: MissingSignals, _ name: (SignalID) -> String
  ) -> String {
    let count = missing.need - missing.have
    guard let first = missing.missingInputs.first, missing.missingInputs.count == 1 else {
      return "\(count) of \(missing.need) signals are missing:"
    }
    if first.need == 1 { return "\(name(first.signal)) is missing:" }
    return "\(first.need - first.have) of \(first.need) × \(name(first.signal)) are missing:"
  }

  private static func counts(_ counts: TaskCounts, _ theme: Theme) -> Line {
    var line = Line()
    for state in TaskOrder.states.reversed() where counts[state] > 0 {
      let appearance = TaskAppearance(state)
      line.append(" \(counts[state]) \(theme.glyph(appearance))", theme.style(appearance))
    }
    return line
  }

  // MARK: What helps

  private static func stuck(_ tasks: [FiringID], _ model: Model, width: Int) -> [Line] {
    guard !tasks.isEmpty else { return [] }
    let theme = model.theme
    let taskNames = list(tasks, model)
    var advice = Line("\(tasks.count == 1 ? "needs" : "need") you: ")
    advice.append(model.keyName(.task(.retry)), theme.key)
    advice.append(" retries, ")
    advice.append(model.keyName(.task(.skip)), theme.key)
    advice.append(" skips \(tasks.count == 1 ? "it" : "them")")
    if taskNames.width + 1 + advice.width > width { return [taskNames, advice] }
    return [taskNames + Line(" ") + advice]
  }

  /// Starts with the keys if there is little room.
  private static func failed(_ model: Model, width: Int) -> Line {
    let theme = model.theme
    var line = Line(width < 74 ? "" : "needs you: ")
    let keys: [(TaskAction, String)] = [
      (.retry, " retries, "), (.edit, " edits and retries, "), (.skip, " skips it"),
    ]
    for (action, meaning) in keys {
      line.append(model.keyName(.task(action)), theme.key)
      line.append(meaning)
    }
    return line
  }

  private static func held(
    _ text: String, _ action: Action, _ meaning: String, _ model: Model, style: Style? = nil
  ) -> Line {
    var line = Line("\(text): ", style ?? model.theme.style(.held))
    line.append(model.keyName(action), model.theme.key)
    line.append(" \(meaning)")
    return line
  }

  // MARK: Words

  private static func list(_ tasks: [FiringID], _ model: Model) -> Line {
    let theme = model.theme
    var line = Line()
    for (place, task) in tasks.prefix(names).enumerated() {
      if place > 0 { line.append(place == tasks.count - 1 ? " and " : ", ") }
      let appearance = TaskRow.appearance(model.run, task)
      line.append(theme.glyph(appearance) + " ", theme.style(appearance))
      line.append(model.run.label(task))
    }
    if tasks.count > names { line.append(" and \(tasks.count - names) more") }
    return line
  }

  private static func list(_ texts: [String]) -> String {
    let shown = texts.prefix(names).joined(separator: ", ")
    return texts.count > names ? "\(shown) and \(texts.count - names) more" : shown
  }
}

extension Line {
  fileprivate static func + (left: Line, right: Line) -> Line {
    var line = left
    line.append(right)
    return line
  }
}
