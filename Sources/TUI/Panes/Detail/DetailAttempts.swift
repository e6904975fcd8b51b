internal import Engine
internal import HumanText
internal import JobProtocol
internal import Workflow

/// The attempts of a task as a table: how each ended, and where its time went.
enum DetailAttempts {
  private struct Column: Sendable {
    let title: String
    let width: Int
    let isNumber: Bool
    /// The least width of a table that has the column.
    let from: Int
    let text: @Sendable (AttemptRecord, AttemptTimes, Model) -> String

    init(
      _ title: String, _ width: Int, from: Int = 0, isNumber: Bool = true,
      _ text: @escaping @Sendable (AttemptRecord, AttemptTimes, Model) -> String
    ) {
      self.title = title
      self.width = width
      self.from = from
      self.isNumber = isNumber
      self.text = text
    }

    static func phase(_ title: String, _ phase: AttemptTimes.Phase, from: Int) -> Column {
      Column(title, title.count < 8 ? 8 : 9, from: from) { _, times, _ in
        times[phase].map { Formats.mean(milliseconds: Double($0)) } ?? ""
      }
    }
  }

  private static let columns: [Column] = [
    Column("", 3, isNumber: false) { attempt, _, _ in "\(attempt.number)" },
    Column("end", 18, isNumber: false) { attempt, _, _ in end(attempt) },
    Column("host", 12, from: 60, isNumber: false) { attempt, _, _ in
      attempt.executor?.host.displayName ?? ""
    },
    Column("why", 12, from: 104, isNumber: false) { attempt, _, _ in reasonText(attempt) },
    Column("from", 9, from: 118) { attempt, times, model in
      (times.startedAt ?? attempt.startedAt).map {
        Formats.time(milliseconds: $0, offset: model.timeZoneOffset)
      } ?? ""
    },
    .phase("wait", .wait, from: 90), .phase("queue", .queue, from: 66),
    .phase("dispatch", .dispatch, from: 90),
    Column("run", 8, from: 28) { attempt, times, model in
      (times[.run] ?? attempt.duration(now: model.now)).map {
        Formats.mean(milliseconds: Double($0))
      } ?? ""
    },
    .phase("notify", .notify, from: 90),
    Column("cpu", 8, from: 46) { attempt, _, _ in
      let cpu = attempt.usage.userMilliseconds + attempt.usage.systemMilliseconds
      return attempt.outcome == nil ? "" : Formats.mean(milliseconds: Double(cpu))
    },
    Column("memory", 8, from: 38) { attempt, _, _ in
      let bytes = attempt.usage.maxResidentKilobytes * 1024
      return bytes > 0 ? Formats.size(bytes: bytes) : ""
    },
  ]

  static func lines(_ model: Model, _ task: FiringID, width: Int) -> [Line] {
    let theme = model.theme
    guard let record = model.run.task(task), !record.attempts.isEmpty else {
      return [Line("none yet", theme.dim)]
    }
    let columns = columns.filter { width >= $0.from }
    func row(_ cells: [String], _ style: (Column) -> Style) -> Line {
      zip(cells, columns).reduce(into: Line()) { line, cell in
        let (text, column) = cell
        if column.isNumber {
          line.rightColumn(" " + text, column.width, style(column), ellipsis: theme.ellipsis)
        } else {
          line.column(text, column.width - 1, style(column), ellipsis: theme.ellipsis)
          line.append(" ")
        }
      }
    }
    return [row(columns.map(\.title)) { _ in theme.dim }]
      + record.attempts.suffix(50).flatMap { attempt in
        let times = AttemptTimes(attempt)
        let cells = columns.map { $0.text(attempt, times, model) }
        return [row(cells) { $0.title == "end" ? style(attempt, theme) : .plain }]
          + growth(attempt, after: record, model.run.workflow[task.process].retry, theme)
          + edit(attempt, after: record, theme)
      }
  }

  private static func style(_ attempt: AttemptRecord, _ theme: Theme) -> Style {
    switch attempt.outcome {
    case .succeeded: theme.good
    case .failed: theme.bad
    case nil: attempt.startedAt == nil ? .plain : theme.style(.running)
    }
  }

  private static func end(_ attempt: AttemptRecord) -> String {
    switch attempt.outcome {
    case .succeeded: "succeeded"
    case .failed(let cause): cause.summary.displayName
    case nil:
      attempt.isCancelRequested ? "cancelling" : attempt.startedAt == nil ? "queued" : "running"
    }
  }

  private static func reasonText(_ attempt: AttemptRecord) -> String {
    switch attempt.reason {
    case nil: "first"
    case .policy: "automatic"
    case .user: "by hand"
    case .userDownstream: "by hand, downstream"
    case .upstream: "after upstream"
    }
  }

  /// The increased requests of an attempt after earlier ones that ran out of memory or time.
  private static func growth(
    _ attempt: AttemptRecord, after record: TaskRecord, _ policy: RetryPolicy?, _ theme: Theme
  ) -> [Line] {
    guard let policy, policy.grow != nil else { return [] }
    let causes = record.attempts.filter { $0.number < attempt.number }.compactMap { former in
      if case .failed(let cause) = former.outcome { cause.word } else { nil }
    }
    let growth = policy.growth(
      afterMemory: causes.count { $0 == "oom" }, time: causes.count { $0 == "timeout" })
    return growth == .one ? [] : [Line("    asks for \(growth.text)", theme.dim)]
  }

  /// The differences from the edit of the previous attempt.
  private static func edit(
    _ attempt: AttemptRecord, after record: TaskRecord, _ theme: Theme
  ) -> [Line] {
    let before = record.attempts.last { $0.number < attempt.number }?.edit
    guard let edit = attempt.edit, edit != before else { return [] }
    var parts: [String] = []
    if edit.executable != nil || edit.arguments != nil { parts.append("the command") }
    parts += edit.environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    if let timeout = edit.timeout { parts.append("timeout \(CommandText.text(timeout: timeout))") }
    let text = parts.isEmpty ? "back to the workflow's values" : parts.joined(separator: ", ")
    return [Line("    edited: \(text.displayName)", theme.warning)]
  }
}
