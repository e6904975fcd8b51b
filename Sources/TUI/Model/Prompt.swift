/// A text field in the last row of the screen; it gets all keys.
struct Prompt: Equatable, Sendable {
  /// Its purpose; each belongs to a pane.
  enum Purpose: Equatable, Sendable {
    case command
    case filterTasks
    case searchLog, filterLog, saveLog
    case findNode
    case filterEvents
  }

  let purpose: Purpose
  var field: TextField
  /// An error in the text, or a remark about it.
  var note: String?

  init(_ purpose: Purpose, text: String = "") {
    self.purpose = purpose
    // Typing replaces what was there.
    field = TextField(text, isSelected: true)
  }

  /// The pane that handles changes and the end of the prompt; `nil` for the palette.
  var pane: Pane? {
    switch purpose {
    case .command: nil
    case .filterTasks: .tasks
    case .searchLog, .filterLog, .saveLog: .log
    case .findNode: .graph
    case .filterEvents: .events
    }
  }

  /// The label before the text.
  var label: String {
    switch purpose {
    case .command: ":"
    case .filterTasks, .searchLog, .filterEvents, .findNode: "/"
    case .filterLog: "&"
    case .saveLog: "save as "
    }
  }

  /// The effects of Enter and Escape, for the hint line.
  var meanings: (enter: String, escape: String) {
    switch purpose {
    case .command: ("run", "leave")
    case .filterTasks, .filterLog, .filterEvents: ("keep", "show all")
    case .searchLog, .findNode: ("keep, then n N", "back")
    case .saveLog: ("save", "cancel")
    }
  }
}
