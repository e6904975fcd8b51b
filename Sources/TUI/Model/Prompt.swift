/// A line being typed in the last row of the screen; all keys are for it.
struct Prompt: Equatable, Sendable {
  /// What it is for; each belongs to the pane that asked.
  enum Purpose: Equatable, Sendable {
    case command
    case filterTasks
    case searchLog, filterLog, saveLog
    case findNode
    case filterEvents
  }

  let purpose: Purpose
  var field: TextField
  /// What is wrong with the text, or says more about it.
  var note: String?

  init(_ purpose: Purpose, text: String = "") {
    self.purpose = purpose
    field = TextField(text)
  }

  /// Told of every change, and of the end; `nil`: the palette.
  var pane: Pane? {
    switch purpose {
    case .command: nil
    case .filterTasks: .tasks
    case .searchLog, .filterLog, .saveLog: .log
    case .findNode: .graph
    case .filterEvents: .events
    }
  }

  /// Before the text.
  var label: String {
    switch purpose {
    case .command: ":"
    case .filterTasks, .searchLog, .filterEvents, .findNode: "/"
    case .filterLog: "&"
    case .saveLog: "save as "
    }
  }

  /// What Enter and Escape do.
  var meanings: (enter: String, escape: String) {
    switch purpose {
    case .command: ("run", "leave")
    case .filterTasks, .filterLog, .filterEvents: ("keep", "show all")
    case .searchLog, .findNode: ("keep, n N go on", "back")
    case .saveLog: ("save", "cancel")
    }
  }
}
