import Engine
import HumanText
import JobProtocol
import Workflow

extension ReportPage {
  var header: Markup {
    let run = report.summary
    return """
      <header>
      \(pill)
      <h1>\(run.name.displayName)</h1>
      <p class="lead">\(sentence)</p>
      \(meter)
      <dl class="facts">
      \(fact("Run", run.run.displayName))
      \(fact("Started", run.startedAt.map(timeText) ?? "–"))
      \(fact("Directory", run.directory.displayName))
      \(fact("Ran on", places))
      </dl>
      \(tiles)
      </header>
      """
  }

  private var pill: Markup {
    let run = report.summary
    guard !run.isInterrupted else {
      return "<p class=\"pill blocked\"><span>‽</span> interrupted</p>"
    }
    return """
      <p class="pill \(run.status.rawValue)"><span>\(run.status.glyph)</span> \(run.status.word)</p>
      """
  }

  private func fact(_ name: Markup, _ value: String) -> Markup {
    "<div><dt>\(name)</dt><dd>\(value)</dd></div>"
  }

  /// The outcome in one sentence.
  private var sentence: String {
    let run = report.summary
    let time = Formats.duration(milliseconds: run.elapsedMilliseconds, fine: true)
    let total = Self.counted(run.counts.total, "task")
    var parts: [String] = []
    for state in TaskState.byUrgency where run.counts[state] > 0 && state != .succeeded {
      parts.append("\(Formats.count(run.counts[state])) \(state.word(isOver: isOver))")
    }
    switch run.status {
    case .succeeded where parts.isEmpty: return "All \(total) succeeded in \(time)."
    case .running where run.isInterrupted:
      return "Its engine died; \(Formats.count(run.counts.done)) of \(total) were done until then."
    case .running: return "\(time) so far: \(Formats.count(run.counts.done)) of \(total) done."
    default:
      return "Of \(total) \(parts.joined(separator: ", ")), after \(time)."
    }
  }

  private var isOver: Bool { report.summary.settledAt != nil || report.summary.isFinished }

  private var places: String {
    let run = report.summary
    let hosts = run.hosts.prefix(6).map(\.displayName).joined(separator: ", ")
    let more = run.hosts.count > 6 ? " and \(run.hosts.count - 6) more" : ""
    let workers =
      run.workers.isEmpty
      ? ""
      : " · \(Self.counted(run.workers.count, "worker")), "
        + Self.counted(run.jobsAtOnce.slots, "slot")
    return (hosts.isEmpty ? "–" : hosts + more) + workers
  }

  /// All tasks in one bar, with a legend.
  private var meter: Markup {
    let counts = report.summary.counts
    let states = TaskState.byUrgency.reversed().filter { counts[$0] > 0 }
    let total = Double(max(1, counts.total))
    let parts = states.map { state -> Markup in
      let width = Double(counts[state]) / total * 100
      return "<i class=\"\("\(state)")\" style=\"width:\(width)%\"></i>"
    }
    let legend = states.map { state -> Markup in
      let word = state.word(isOver: isOver)
      return """
        <li><b class="\("\(state)")">\(state.glyph)</b> \(Formats.count(counts[state])) \(word)</li>
        """
    }
    return "<div class=\"meter\">\(parts)</div><ul class=\"legend\">\(legend)</ul>"
  }

  private var tiles: Markup {
    let run = report.summary
    let jobs = run.jobsAtOnce
    let slots = jobs.slots > 0 ? Self.counted(jobs.slots, "slot") : "most \(jobs.maximum)"
    let runTime = run.phases[.run]
    let retries = report.tasks.reduce(0) { $0 + $1.retryCount }
    let retried = Self.counted(retries, "retry", "retries")
    return """
      <ul class="tiles">
      \(tile("Elapsed", Formats.duration(milliseconds: run.elapsedMilliseconds, fine: true), ""))
      \(tile("Run time of jobs", Self.length(runTime), "all together"))
      \(tile("Jobs at once", Formats.oneDecimal(jobs.mean), "mean; \(slots)"))
      \(tile("CPU time", Self.length(run.cpuMilliseconds), cpuShare))
      \(tile("Largest memory", Self.memory(kilobytes: run.largest?.kilobytes ?? 0), largest))
      \(tile("Written", Formats.size(bytes: run.bytesWritten), "read \(read)"))
      \(tile("Attempts", Formats.count(run.attemptCount), retried))
      </ul>
      """
  }

  private var cpuShare: String {
    Self.percent(report.summary.cpuMilliseconds, of: report.summary.phases[.run]) + " of run time"
  }

  private var largest: String { report.summary.largest?.task.displayName ?? "" }
  private var read: String { Formats.size(bytes: report.summary.bytesRead) }

  static func counted(_ number: Int, _ one: String, _ many: String) -> String {
    Formats.counted(number, one, many, grouped: true)
  }

  private func tile(_ name: Markup, _ value: String, _ note: String) -> Markup {
    """
    <li><span>\(name)</span><strong>\(value)</strong><small>\(note)</small></li>
    """
  }
}
