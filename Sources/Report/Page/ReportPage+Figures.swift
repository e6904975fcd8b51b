import Engine
import HumanText
import Workflow

extension ReportPage {
  /// The stages with their figures; the colours are those of the timeline.
  var stageSection: Markup {
    let maximum = max(1, report.stages.map { $0.run?.sum ?? 0 }.max() ?? 1)
    let rows = report.stages.enumerated().map { index, stage in row(stage, index, maximum) }
    return """
      <section id="stages">
      <h2>Stages <small>processes of one name and level</small></h2>
      <div class="scroll"><table class="stages">
      <thead><tr><th>Stage</th><th class="n">Tasks</th><th class="n">Failed</th>
      <th class="n">Retries</th><th class="n">Median</th><th class="n">95 %</th>
      <th class="n">Longest</th><th class="n">CPU</th><th class="n">Memory</th>
      <th class="n">Together</th><th class="share"></th></tr></thead>
      <tbody>\(rows)</tbody>
      </table></div>
      </section>
      """
  }

  private func row(_ stage: StageFigures, _ index: Int, _ maximum: Int) -> Markup {
    let sum = stage.run?.sum ?? 0
    let failed = stage.counts[.failed] + stage.counts[.lost]
    let width = Double(sum) / Double(maximum) * 100
    let tasks =
      stage.counts.done == stage.counts.total
      ? Formats.count(stage.counts.total)
      : "\(Formats.count(stage.counts.done))/\(Formats.count(stage.counts.total))"
    return """
      <tr><th><i class="key \(palette.name(index))"></i>\(stage.name.displayName)</th>
      <td class="n">\(tasks)</td>
      <td class="n\(failed > 0 ? " bad" : "")">\(failed > 0 ? Formats.count(failed) : "–")</td>
      <td class="n">\(stage.retryCount > 0 ? Formats.count(stage.retryCount) : "–")</td>
      <td class="n">\(Self.length(stage.run?.median))</td>
      <td class="n">\(Self.length(stage.run?.p95))</td>
      <td class="n">\(Self.length(stage.run?.maximum))</td>
      <td class="n">\(Self.percent(stage.cpuMilliseconds, of: sum))</td>
      <td class="n">\(Self.memory(kilobytes: stage.maxResidentKilobytes))</td>
      <td class="n">\(stage.run == nil ? "–" : Self.length(sum))</td>
      <td class="share"><i class="\(palette.name(index))" style="width:\(width)%"></i></td></tr>
      """
  }

  /// The use of slots, and the phases of attempts.
  var phaseSection: Markup? {
    let phases = report.summary.phases
    guard phases.total > 0 else { return nil }
    let attempts = max(1, report.summary.attemptCount)
    let rows = AttemptTimes.Phase.allCases.map { phase -> Markup in
      """
      <tr><th><i class="key \(phase.word)"></i>\(phase.word)</th>
      <td class="n">\(Self.length(phases[phase] / attempts))</td>
      <td class="n">\(Self.length(phases[phase]))</td>
      <td class="means">\(phase.meaning)</td></tr>
      """
    }
    return """
      <section id="time">
      <h2>Where the time went</h2>
      \(slotMeter)
      <div class="scroll"><table class="phases">
      <thead><tr><th>Of an attempt</th><th class="n">Mean</th><th class="n">Together</th><th></th>
      </tr></thead><tbody>\(rows)</tbody></table></div>
      </section>
      """
  }

  /// The time of all slots from the start of the run to its end.
  private var slotMeter: Markup? {
    let run = report.summary
    let whole = run.jobsAtOnce.slots * run.elapsedMilliseconds
    let (busy, starting) = (run.phases[.run], run.phases[.dispatch])
    guard whole > 0, busy + starting <= whole else { return nil }
    let parts =
      [("run", busy, "running"), ("dispatch", starting, "starting")]
      + [("wait", whole - busy - starting, "idle")]
    let bars = parts.map { style, time, _ -> Markup in
      "<i class=\"\(style)\" style=\"width:\(Double(time) / Double(whole) * 100)%\"></i>"
    }
    let legend = parts.map { style, time, word -> Markup in
      "<li><i class=\"key \(style)\"></i>\(word) \(Self.percent(time, of: whole))</li>"
    }
    return """
      <div class="meter phases">\(bars)</div>
      <ul class="legend"><li>\(Self.length(whole)) of slot time:</li>\(legend)</ul>
      """
  }

  var noticeSection: Markup? {
    guard !report.notices.isEmpty else { return nil }
    let shown = report.notices.suffix(limits.notices)
    let rows = shown.map { notice -> Markup in
      "<li><time>\(timeOfDay(notice.time))</time> \(notice.text.displayName)</li>"
    }
    return """
      <section id="notices">
      <h2>Notices</h2>
      <ul class="notices">\(rows)</ul>
      \(leftOut(report.notices.count - shown.count, "earlier notice"))
      </section>
      """
  }
}
