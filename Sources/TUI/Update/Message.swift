/// Inputs of `update`.
enum Message {
  case input(Input)
  case resized(Size)
  /// Once a second; milliseconds since 1970.
  case clock(Int)
  /// Messages from the program, in order; a batch costs little more than one message.
  case world([WorldMessage])
  /// The pager or editor of ``Effect/runProgram(_:)`` has ended.
  case programEnded(ProgramText, ProgramOutcome)
}

/// Effects of an update, which the loop carries out.
enum Effect: Equatable {
  case world(WorldEffect)
  case redraw
  case suspend
  case setMouse(Bool)
  /// Switches between screen and lines.
  case setPlain(Bool)
  /// Copies text to the terminal's clipboard (OSC 52).
  case copy(String)
  case bell
  /// A desktop notification, if the terminal supports it.
  case notify(String)
  /// Runs a pager or an editor in the terminal.
  case runProgram(ProgramText)
  case leave(LeaveReason)
}

/// A text for the user's pager or editor.
struct ProgramText: Equatable, Sendable {
  enum Program: Equatable, Sendable {
    /// `$PAGER`, else `less`
    case pager
    /// `$VISUAL`, `$EDITOR`, else `vi`
    case editor
  }

  var program: Program
  /// The file's name, which tells an editor the type: `mAdd_1.log`.
  var name: String
  var text: String
}

enum ProgramOutcome: Equatable, Sendable {
  /// The text after editing.
  case ended(String)
  case failed(String)
  /// A signal ended the program and should also end the screen.
  case left(LeaveReason)
}
