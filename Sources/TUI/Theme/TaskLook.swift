import Engine

/// How a task stands, as far as the eye is told: the visual language of every view. State is a
/// glyph and a word; colour only helps.
package enum TaskLook: CaseIterable, Sendable {
  case waiting, ready, queued, running, succeeded, failed, retrying, lost, skipped, cancelled, held

  package var word: String {
    switch self {
    case .waiting: "waiting"
    case .ready: "no slot"
    case .queued: "queued"
    case .running: "running"
    case .succeeded: "done"
    case .failed: "failed"
    case .retrying: "retrying"
    case .lost: "lost"
    case .skipped: "skipped"
    case .cancelled: "cancelled"
    case .held: "held"
    }
  }

  var glyph: String {
    switch self {
    case .waiting: "◌"
    case .ready: "○"
    case .queued: "⋯"
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
    case .ready: "o"
    case .queued: "~"
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

extension TaskLook {
  /// Of those that need attention, where there is room for one sign only.
  init(worstOf counts: TaskCounts) { self = counts.troubles.first.map { TaskLook($0) } ?? .failed }

  /// How a run stands, with the same signs as in lists and reports.
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
