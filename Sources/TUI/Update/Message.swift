/// What happened.
enum Message {
  case input(Input)
  case resized(Size)
  /// A second has passed; milliseconds since 1970.
  case clock(Int)
  /// In order; many at once cost little more than one.
  case world([WorldMessage])
  /// The pager or editor that ``Effect/lend(_:)`` asked for has ended.
  case lent(LentText, LentOutcome)
}

/// What follows from it, for the loop to carry out.
enum Effect: Equatable {
  case world(WorldEffect)
  case redraw
  case suspend
  case setMouse(Bool)
  /// Lines instead of a screen, or back.
  case setPlain(Bool)
  /// Puts text into the terminal's clipboard (OSC 52).
  case copy(String)
  case bell
  /// A desktop notification, where the terminal can.
  case notify(String)
  /// Gives the terminal to a pager or an editor until that ends.
  case lend(LentText)
  case leave(LeaveReason)
}

/// A text that a person looks at or changes with a program of their own.
struct LentText: Equatable, Sendable {
  enum Program: Equatable, Sendable {
    /// `$PAGER`, else `less`
    case pager
    /// `$VISUAL`, `$EDITOR`, else `vi`
    case editor
  }

  var program: Program
  /// The file's name, which tells an editor the kind of text: `mAdd_1.log`.
  var name: String
  var text: String
}

enum LentOutcome: Equatable, Sendable {
  /// The text as it is now.
  case ended(String)
  case failed(String)
  /// A signal has ended the program, and is to end the screen.
  case left(LeaveReason)
}
