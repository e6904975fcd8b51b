internal import Engine

/// How the state of a task looks in every view: a glyph, a word, and a colour. The colour never
/// carries information of its own.
package enum TaskAppearance: CaseIterable, Sendable {
  case waiting, ready, submitted, queued, starting, running
  case succeeded, failed, retrying, lost, skipped, cancelled, held

  package var word: String {
    switch self {
    case .waiting: "waiting"
    case .ready: "ready"
    case .submitted: "submitted"
    case .queued: "queued"
    case .starting: "starting"
    case .running: "running"
    case .succeeded: "succeeded"
    case .failed: "failed"
    case .retrying: "retrying"
    case .lost: "lost"
    case .skipped: "skipped"
    case .cancelled: "cancelled"
    case .held: "held"
    }
  }

  /// The predicate after a task's name: `is running`, `has failed`.
  var predicate: String {
    self == .failed || self == .succeeded ? "has \(word)" : "is \(word)"
  }

  var glyph: String {
    switch self {
    case .waiting: "◌"
    case .ready: "◦"
    case .submitted: "◔"
    case .queued: "○"
    case .starting: "⋯"
    case .running: "▶"
    case .succeeded: "✔"
    case .failed: "✘"
    case .retrying: "↻"
    case .lost: "‽"
    case .skipped: "»"
    case .cancelled: "⊘"
    case .held: "‖"
    }
  }

  var asciiGlyph: String {
    switch self {
    case .waiting: "."
    case .ready: ":"
    case .submitted: "^"
    case .queued: "o"
    case .starting: "~"
    case .running: ">"
    case .succeeded: "d"
    case .failed: "x"
    case .retrying: "r"
    case .lost: "?"
    case .skipped: "s"
    case .cancelled: "-"
    case .held: "="
    }
  }
}

extension TaskAppearance {
  /// The appearance of run states, as in lists and reports.
  init(_ status: RunStatus) {
    self =
      switch status {
      case .running: .running
      case .succeeded: .succeeded
      case .failed: .failed
      case .blocked: .waiting
      case .cancelled: .cancelled
      }
  }
}

extension Theme {
  /// ` ✘ 1 ⊘ 11`: the number of tasks that need attention, by state; only the worst state if not
  /// all fit.
  func attention(_ counts: TaskCounts, columns: Int = .max) -> Line {
    let parts = counts.statesNeedingAttention.map {
      Line(" \(glyph(TaskAppearance($0))) \(counts[$0])", style(TaskAppearance($0)))
    }
    let all = parts.reduce(into: Line()) { $0.append($1) }
    return all.width <= columns ? all : parts.first ?? Line()
  }
}

extension TaskAppearance {
  /// The most important state of a stage's tasks.
  init(stage counts: TaskCounts) {
    let telling: [TaskState] = [
      .failed, .lost, .running, .retrying, .starting, .queued, .submitted, .ready, .held,
      .cancelled,
    ]
    if let state = telling.first(where: { counts[$0] > 0 }) {
      self = TaskAppearance(state)
    } else if counts.total > 0, counts.done == counts.total {
      self = counts[.succeeded] > 0 ? .succeeded : .skipped
    } else {
      self = .waiting
    }
  }
}
