import HumanText
import Workflow

extension ReportPage {
  /// What failed and why; for a blocked run, the missing signals.
  var failureSection: Markup? {
    guard !report.failures.isEmpty else { return blockageSection }
    let shown = report.failures.prefix(limits.failures)
    let total = report.failures.reduce(0) { $0 + $1.count }
    let count = "\(Self.counted(total, "task")), \(Self.counted(report.failures.count, "cause"))"
    return """
      <section id="failures">
      <h2>What failed and why <small>\(count)</small></h2>
      \(shown.map(card))
      \(leftOut(report.failures.count - shown.count, "further cause"))
      </section>
      """
  }

  private func card(_ failure: FailureFigures) -> Markup {
    let times = Set([failure.failedAt.lowerBound, failure.failedAt.upperBound].map(timeOfDay))
    let stages = failure.stages.map { "\($0.name.displayName) × \(Formats.count($0.count))" }
    let names = failure.tasks.map { task -> Markup in "<li>\(task.displayName)</li>" }
    let rest = failure.count - failure.tasks.count
    let more: Markup? = rest > 0 ? "<li>and \(Formats.count(rest)) more</li>" : nil
    return """
      <article class="failure">
      <h3><b>\(Formats.count(failure.count)) ×</b> \(failure.cause.displayName)
      <span>\(stages.joined(separator: ", "))</span>
      <time>\(times.sorted().joined(separator: " – "))</time></h3>
      \(signature(failure))
      \(output(failure))
      <ul class="names">\(names)\(more)</ul>
      \(waiting(behind: failure))
      </article>
      """
  }

  private func signature(_ failure: FailureFigures) -> Markup? {
    failure.signature.isEmpty ? nil : "<p class=\"signature\">\(failure.signature.displayName)</p>"
  }

  private func output(_ failure: FailureFigures) -> Markup? {
    guard let tail = failure.tail, let example = failure.example, !tail.lines.isEmpty else {
      return nil
    }
    let stream = tail.isStandardError ? "standard error" : "standard output"
    let text = tail.lines.map(\.displayName).joined(separator: "\n")
    return """
      <figure><figcaption>Last lines of \(example.displayName)’s \(stream)</figcaption>
      <pre>\(text)</pre></figure>
      """
  }

  private func waiting(behind failure: FailureFigures) -> Markup? {
    guard failure.waitingBehind > 0 else { return nil }
    return
      "<p class=\"note\">\(Self.counted(failure.waitingBehind, "task")) behind them never ran.</p>"
  }

  private var blockageSection: Markup? {
    guard !report.blockages.isEmpty else { return nil }
    let rows = report.blockages.prefix(limits.failures).map { blockage -> Markup in
      let missing = blockage.missingInputs.map {
        "\($0.signal.displayName) (\(Formats.count($0.have)) of \(Formats.count($0.need)))"
      }
      return
        "<li><b>\(blockage.task.displayName)</b> lacks \(missing.joined(separator: ", "))</li>"
    }
    return """
      <section id="failures">
      <h2>Tasks that never ran, and their missing inputs</h2>
      <ul class="blocked">\(rows)</ul>
      \(leftOut(report.blockages.count - rows.count, "further process", "further processes"))
      </section>
      """
  }

  /// `and 3 further causes`; nothing for zero.
  func leftOut(_ number: Int, _ noun: String, _ nouns: String? = nil) -> Markup? {
    guard number > 0 else { return nil }
    return "<p class=\"note\">and \(Self.counted(number, noun, nouns ?? "\(noun)s"))</p>"
  }
}
