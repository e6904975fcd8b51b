import Engine

extension TaskState {
  /// The glyph on the screen, because state is never shown by colour alone.
  package var glyph: String {
    switch self {
    case .waiting: "◌"
    case .held: "‖"
    case .ready: "◦"
    case .submitted: "◔"
    case .queued: "○"
    case .starting: "⋯"
    case .running: "▶"
    case .retrying: "↻"
    case .succeeded: "✔"
    case .failed: "✘"
    case .lost: "‽"
    case .skipped: "»"
    case .cancelled: "⊘"
    }
  }

  func word(isOver: Bool) -> String {
    self == .waiting && isOver ? "never ran" : "\(self)"
  }

  /// The order in which states are listed: what needs attention first.
  static let byUrgency: [TaskState] = [
    .failed, .lost, .cancelled, .retrying, .running, .starting, .queued, .submitted, .ready, .held,
    .waiting, .skipped, .succeeded,
  ]
}

extension RunStatus {
  /// The glyphs in lists, reports and on the screen.
  package var glyph: String {
    switch self {
    case .running: "▶"
    case .succeeded: "✔"
    case .failed: "✘"
    case .blocked: "◌"
    case .cancelled: "⊘"
    }
  }
}
