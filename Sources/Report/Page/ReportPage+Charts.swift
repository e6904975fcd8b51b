import Engine
import HumanText
import Workflow

extension ReportPage {
  /// The timeline.
  var timelineSection: Markup? {
    let timeline = report.timeline
    guard !timeline.lanes.isEmpty else { return nil }
    let drawing = TimelineDrawing(
      timeline: timeline, palette: palette, path: Set(report.path.steps.map(\.task)),
      laneLimit: limits.lanes)
    return """
      <section id="timeline">
      <h2>Timeline <small>by worker and slot</small></h2>
      <figure class="timeline">\(drawing.svg)</figure>
      <ul class="legend">\(stageKeys)
      <li><i class="key failed"></i>failed</li>
      <li><i class="key critical"></i>on the critical path</li></ul>
      \(leftOut(timeline.lanes.count - limits.lanes, "further lane"))
      </section>
      """
  }

  private var stageKeys: [Markup] {
    let used = report.stages.indices.filter { report.stages[$0].run != nil }
    let own = used.filter { palette.name($0) != "s0" }
    let rest: Markup = "<li><i class=\"key s0\"></i>other stages</li>"
    return own.map { index in
      let name = report.stages[index].name.displayName
      return "<li><i class=\"key \(palette.name(index))\"></i>\(name)</li>"
    } + (own.count < used.count ? [rest] : [])
  }

  /// The critical path.
  var pathSection: Markup? {
    let path = report.path
    guard !path.steps.isEmpty else { return nil }
    let rows = PathRow.rows(path.steps, limit: limits.steps)
    let axis = TimeAxis(range: report.timeline.range, length: 100)
    return """
      <section id="path">
      <h2>Critical path <small>\(Self.counted(path.steps.count, "task")) in a row</small></h2>
      <p class="lead">\(pathSentence)</p>
      <div class="path">\(rows.shown.map { row($0, axis) })</div>
      \(leftOut(rows.leftOut, "shorter step"))
      <ul class="legend">\(AttemptTimes.Phase.allCases.map(phaseKey))</ul>
      </section>
      """
  }

  private func phaseKey(_ phase: AttemptTimes.Phase) -> Markup {
    "<li><i class=\"key \(phase.word)\"></i>\(phase.word)</li>"
  }

  private var pathSentence: String {
    let phases = report.path.phases
    let overhead = phases[.dispatch] + phases[.notify]
    let parts = [
      (phases[.run], "running"), (phases[.queue], "waiting for a free slot"),
      (phases[.wait], "kept back or between attempts"), (overhead, "starting and reporting"),
    ].filter { $0.0 > 0 }.map { "\(Self.length($0.0)) \($0.1)" }
    return "No task of this chain could begin before the one above it had ended: "
      + "\(Self.length(phases.total)) in all, \(parts.joined(separator: ", "))."
  }

  private func row(_ row: PathRow, _ axis: TimeAxis) -> Markup {
    let left = axis.place(row.range.lowerBound)
    let width = axis.place(row.range.upperBound) - left
    let total = Double(max(1, row.phases.total))
    var offset = left
    let parts = AttemptTimes.Phase.allCases.map { phase -> Markup? in
      let share = Double(row.phases[phase]) / total * width
      defer { offset += share }
      guard share > 0 else { return nil }
      return "<i class=\"\(phase.word)\" style=\"left:\(offset)%;width:\(share)%\"></i>"
    }
    let times = row.count > 1 ? " × \(Formats.count(row.count))" : ""
    let waited = row.phases.total - row.phases[.run]
    let more = waited > 0 ? " + \(Self.length(waited))" : ""
    return """
      <div><span title="\(row.label.displayName)">\(row.label.displayName)\(times)</span>
      <div class="bar">\(parts.compactMap { $0 })</div>
      <small>\(Self.length(row.phases[.run]))\(more)</small>
      </div>
      """
  }
}

/// One line of the critical path: a step, or several consecutive ones of one stage.
struct PathRow {
  var label: String
  var stage: Int
  var count: Int
  var range: ClosedRange<Int>
  var phases: PhaseSums

  init(_ step: MeasuredPath.Step) {
    label = step.label
    stage = step.stage
    count = 1
    range = step.range
    phases = step.phases
  }

  /// Folds long paths by stage; if they are still too long, keeps the longest rows in order.
  static func rows(
    _ steps: [MeasuredPath.Step], limit: Int
  ) -> (shown: [PathRow], leftOut: Int) {
    var rows = steps.map(PathRow.init)
    if rows.count > limit { rows = folded(steps) }
    guard rows.count > limit else { return (rows, 0) }
    let kept = rows.indices.sorted { rows[$0].phases.total > rows[$1].phases.total }.prefix(limit)
    return (kept.sorted().map { rows[$0] }, rows.count - limit)
  }

  private static func folded(_ steps: [MeasuredPath.Step]) -> [PathRow] {
    var rows: [PathRow] = []
    for step in steps {
      if let last = rows.last, last.stage == step.stage {
        rows[rows.count - 1].add(step)
      } else {
        rows.append(PathRow(step))
      }
    }
    return rows
  }

  private mutating func add(_ step: MeasuredPath.Step) {
    if count == 1, let colon = label.lastIndex(of: ":") { label = String(label[..<colon]) }
    count += 1
    range = range.lowerBound...max(range.upperBound, step.range.upperBound)
    for phase in AttemptTimes.Phase.allCases { phases[phase] += step.phases[phase] }
  }
}
