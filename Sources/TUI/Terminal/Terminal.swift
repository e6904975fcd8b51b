internal import CNcurses
internal import Glibc

/// What the loop needs of a terminal, for a screen or for lines; tests have in-memory versions.
/// All calls come from one thread.
package protocol Terminal: AnyObject {
  /// Becomes readable when ``nextInput()`` may have something; negative when there is no input.
  var inputDescriptor: Int32 { get }
  /// The next input; `nil` if there is none now.
  func nextInput() -> Input?
  /// When ``nextInput()`` may return something without new bytes, on the monotonic clock;
  /// `nil` for never.
  var inputDueAt: Int? { get }
  /// Whether there will be no more input.
  var inputEnded: Bool { get }
  /// Releases the terminal, stops the program's job, and takes the terminal back.
  func suspend()
  /// Releases the terminal while `body` runs.
  func release(during body: () -> Void)
  /// Sends an escape sequence without visible output.
  func send(_ sequence: String)
  func ringBell()
  /// Releases the terminal for good. May be called twice.
  func close()
}

enum TerminalModes {
  /// Whether another program has changed the modes of a terminal that this program owns.
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
  /// Whether a user can answer.
  var hasKeys: Bool { get }
  func write(_ text: String)
}

/// Why a screen is not possible; the caller continues with plain lines.
package struct TerminalError: Error, Hashable, CustomStringConvertible {
  package enum Code: Hashable, Sendable { case notATerminal, unknownTerminal, tooDumb, noPipe }
  package let code: Code
  package let name: String

  package var description: String {
    switch code {
    case .notATerminal: "standard output is not a terminal"
    case .unknownTerminal: "unknown terminal type \"\(name)\": set TERM"
    case .noPipe: "too many open files"
    case .tooDumb: "the terminal type \"\(name)\" cannot show a screen: set TERM"
    }
  }
}
