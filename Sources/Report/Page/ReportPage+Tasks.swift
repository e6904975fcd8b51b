import Engine
import HumanText
import JSONValue
import JobProtocol
import Workflow

/// The table of tasks: its first rows as HTML, all of them as data for the script.
extension ReportPage {
  var taskSection: Markup? {
    guard !report.tasks.isEmpty else { return nil }
    let rows = ranked.prefix(limits.plainTasks).map(row)
    let left = report.tasks.count - limits.tasks
    let cut: Markup? =
      left > 0
      ? """
      <p class="note">The table has the \(Formats.count(limits.tasks)) tasks that failed, were \
      retried or took longest. \(Self.counted(left, "task")) more: \
      <code>hflow-tui report \(report.summary.shortID) --csv</code></p>
      """ : nil
    return """
      <section id="tasks">
      <h2>Tasks <small>\(Formats.count(report.tasks.count)) have run</small></h2>
      <div class="controls" hidden><input type="search" placeholder="Filter: name, host, cause …"
      aria-label="Filter tasks"><span class="shown"></span></div>
      <div class="scroll"><table class="tasks">
      <thead><tr>\(Self.columns.map(head))</tr></thead>
      <tbody>\(rows)</tbody>
      </table></div>
      \(plainNote(rows.count))
      \(cut)
      </section>
      """
  }

  /// A note for readers without the script, and in print.
  private func plainNote(_ shown: Int) -> Markup? {
    let left = report.tasks.count - shown
    guard left > 0 else { return nil }
    return """
      <p class="note plain">\(Self.counted(left, "task")) more: open the page in a browser, or
      <code>hflow-tui report \(report.summary.shortID) --csv</code></p>
      """
  }

  private static let columns: [(name: String, isNumber: Bool)] =
    [("State", false), ("Task", false), ("Tries", true), ("Why", false), ("Host", false)]
    + AttemptTimes.Phase.allCases.map {
      ($0.word.prefix(1).uppercased() + $0.word.dropFirst(), true)
    }
    + [("CPU", true), ("Memory", true)]

  private func head(_ column: (name: String, isNumber: Bool)) -> Markup {
    "<th class=\"\(column.isNumber ? "n" : "t")\" scope=\"col\">\(column.name)</th>"
  }

  /// Failed tasks first, then retried ones, then the longest.
  private var ranked: [TaskFigures] {
    let urgency = Dictionary(
      uniqueKeysWithValues: TaskState.byUrgency.enumerated().map { ($0.element, $0.offset) })
    func rank(_ task: TaskFigures) -> (Int, Int, Int, FiringID) {
      (urgency[task.state] ?? 0, -task.retryCount, -(task.last?.times[.run] ?? 0), task.id)
    }
    let ranks = report.tasks.map(rank)
    return report.tasks.indices.sorted { ranks[$0] < ranks[$1] }.map { report.tasks[$0] }
  }

  private func row(_ task: TaskFigures) -> Markup {
    let last = task.last
    let phases = AttemptTimes.Phase.allCases.map { phase -> Markup in
      "<td class=\"n\">\(Self.length(last?.times[phase]))</td>"
    }
    let cpu = last?.cpuMilliseconds ?? 0
    return """
      <tr><td class="\("\(task.state)")"><b>\(task.state.glyph)</b> \("\(task.state)")</td>
      <th scope="row">\(task.label.displayName)\(task.isOnPath ? Self.pathMark : nil)</th>
      <td class="n">\(task.attempts.count)</td><td class="why">\(causeText(last))</td>
      <td>\(last?.executor?.host.displayName ?? "")</td>\(phases)
      <td class="n">\(cpu > 0 ? Self.length(cpu) : "–")</td>
      <td class="n">\(Self.memory(kilobytes: last?.usage.maxResidentKilobytes ?? 0))</td></tr>
      """
  }

  private static let pathMark: Markup =
    " <i class=\"mark\" title=\"on the critical path\">◆</i>"

  /// The cause and its explanation; empty for success.
  private func causeText(_ attempt: AttemptFigures?) -> String {
    guard let attempt, let cause = attempt.cause else { return "" }
    let words = String(attempt.outcomeText.displayName.prefix(200))
    return words.isEmpty ? cause.summary : "\(cause.summary): \(words)"
  }
}

// MARK: - Data for the script

extension ReportPage {
  /// Rows as arrays, in the order of the table's first rows; repeated texts are indices into
  /// `texts`. `<` is escaped, because only it could end the script element.
  var taskData: Markup {
    var texts = TextTable()
    let rows = ranked.prefix(limits.tasks).map { data($0, &texts) }
    let states = TaskState.allCases.map { JSON.array([.string($0.glyph), .string("\($0)")]) }
    let all: JSON = [
      "states": .array(states), "texts": .array(texts.all.map(JSON.string)), "rows": .array(rows),
      "plain": .int(limits.plainTasks),
    ]
    let safe = all.text.split(separator: "<", omittingEmptySubsequences: false)
      .joined(separator: "\\u003c")
    return Markup(html: "<script type=\"application/json\" id=\"data\">\(safe)</script>")
  }

  /// `[state, label, tries, why, host, wait, queue, dispatch, run, notify, cpu, memory, on path,
  /// command, earlier attempts]`
  private func data(_ task: TaskFigures, _ texts: inout TextTable) -> JSON {
    let last = task.last
    let command = String(task.command.displayName.prefix(400))
    let head: [JSON] = [.int(task.state.rawValue), .string(task.label.displayName)]
    let tail: [JSON] = [
      .int(task.isOnPath ? 1 : 0), .int(texts.number(of: command)),
      .array(
        task.attempts.dropLast().map { attempt in
          .array([.int(attempt.number)] + figures(attempt, &texts))
        }),
    ]
    return .array(head + [.int(task.attempts.count)] + figures(last, &texts) + tail)
  }

  /// `why, host, wait, queue, dispatch, run, notify, cpu, memory`
  private func figures(_ attempt: AttemptFigures?, _ texts: inout TextTable) -> [JSON] {
    let phases = AttemptTimes.Phase.allCases.map { phase in
      attempt?.times[phase].map(JSON.int) ?? .null
    }
    let host = texts.number(of: attempt?.executor?.host.displayName ?? "")
    return [.int(texts.number(of: causeText(attempt))), .int(host)] + phases
      + [.int(attempt?.cpuMilliseconds ?? 0), .int(attempt?.usage.maxResidentKilobytes ?? 0)]
  }
}

/// Stores each text once.
private struct TextTable {
  private(set) var all: [String] = []
  private var numbers: [String: Int] = [:]

  mutating func number(of text: String) -> Int {
    if let number = numbers[text] { return number }
    numbers[text] = all.count
    all.append(text)
    return all.count - 1
  }
}
