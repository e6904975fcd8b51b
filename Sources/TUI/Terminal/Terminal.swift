/// The terminal, as far as the loop needs it; its twin in memory is ``MemoryTerminal``. All calls
/// come from one thread.
package protocol Terminal: AnyObject {
  var size: Size { get }
  /// Becomes readable when ``nextInput()`` may have something.
  var inputDescriptor: Int32 { get }
  /// The next thing a person did, `nil` when there is nothing now.
  func nextInput() -> Input?
  /// Whether there will never be input again.
  var inputEnded: Bool { get }
  /// Makes the screen show the buffer; sends only what changed.
  func paint(_ buffer: CellBuffer)
  /// Forgets what the screen shows, so that the next painting sends everything.
  func invalidate()
  /// Asks the terminal for its size again.
  func resize()
  /// Gives the terminal back, stops the program's job, and takes the terminal again.
  func suspend()
  func setMouse(_ on: Bool)
  /// Gives the terminal back for as long as `body` takes.
  func lend(_ body: () -> Void)
  /// Sends an escape sequence that shows nothing.
  func send(_ sequence: String)
  func ringBell()
}

/// Why there can be no screen; the caller goes on with plain lines.
package struct TerminalError: Error, Hashable, CustomStringConvertible {
  package enum Code: Hashable, Sendable { case notATerminal, unknownTerminal, tooDumb }
  package let code: Code
  package let name: String

  package var description: String {
    switch code {
    case .notATerminal: "standard input and output are not a terminal: use --headless"
    case .unknownTerminal:
      "the terminal type \"\(name)\" is not known here: set TERM, or use --headless"
    case .tooDumb: "the terminal type \"\(name)\" cannot show a screen: set TERM, or use --headless"
    }
  }
}
