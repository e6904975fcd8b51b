internal import CNcurses
internal import Glibc

/// What the loop needs of a terminal, whether it shows a screen or lines; the tests have twins in
/// memory. All calls come from one thread.
package protocol Terminal: AnyObject {
  /// Becomes readable when ``nextInput()`` may have something; negative when there is no input.
  var inputDescriptor: Int32 { get }
  /// The next thing a person did, `nil` when there is nothing now.
  func nextInput() -> Input?
  /// When ``nextInput()`` may have something although nothing can be read, on the monotonic clock;
  /// `nil` for never.
  var inputDueAt: Int? { get }
  /// Whether there will never be input again.
  var inputEnded: Bool { get }
  /// Gives the terminal back, stops the program's job, and takes the terminal again.
  func suspend()
  /// Gives the terminal back for as long as `body` takes.
  func lend(_ body: () -> Void)
  /// Sends an escape sequence that shows nothing.
  func send(_ sequence: String)
  func ringBell()
  /// Gives the terminal back for good. Twice does no harm.
  func close()
}

enum TerminalModes {
  /// Whether this program has the terminal, and somebody else has set its modes.
  static var areLost: Bool {
    var modes = termios()
    guard tcgetpgrp(STDIN_FILENO) == getpgrp(), tcgetattr(STDIN_FILENO, &modes) == 0 else {
      return false
    }
    return modes.c_lflag & tcflag_t(ICANON | ECHO) != 0
  }
}

extension Terminal {
  package var inputDueAt: Int? { nil }
}

/// A terminal that shows a screen.
package protocol ScreenTerminal: Terminal {
  var colors: ColorDepth { get }
  var size: Size { get }
  /// Makes the screen show the buffer; sends only what changed.
  func paint(_ buffer: CellBuffer)
  /// Forgets what the screen shows, so that the next painting sends everything.
  func invalidate()
  /// Asks the terminal for its size again.
  func resize()
  func setMouse(_ on: Bool)
}

/// A terminal that only prints.
package protocol LineTerminal: Terminal {
  /// Whether a person can answer.
  var hasKeys: Bool { get }
  func say(_ text: String)
}

/// Why there can be no screen; the caller goes on with plain lines.
package struct TerminalError: Error, Hashable, CustomStringConvertible {
  package enum Code: Hashable, Sendable { case notATerminal, unknownTerminal, tooDumb, noPipe }
  package let code: Code
  package let name: String

  package var description: String {
    switch code {
    case .notATerminal: "there is no terminal for a screen"
    case .unknownTerminal: "the terminal type \"\(name)\" is not known here: set TERM for a screen"
    case .noPipe: "too many files are open for a screen"
    case .tooDumb: "the terminal type \"\(name)\" cannot show a screen: set TERM for one"
    }
  }
}
