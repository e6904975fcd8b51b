import Glibc
import HumanText
import Posix
import Synchronization

/// The standard streams of a command: the only way to them, so that nothing from a stranger acts on
/// the terminal.
///
/// | text | goes through | what happens to it |
/// |---|---|---|
/// | for people | `say`, `complain`, `ask`, `LineQueue` | each line becomes `LineText.safe` |
/// | for programs (JSON, a log, a report) | `writeData` | nothing; its own format has the rule |
///
/// A reader that went away is no reason to fail. A disk that takes no more is one, in the end.
enum Terminal {
  private static let problem = Mutex<PosixError?>(nil)

  /// One line on standard output; a line feed in it is escaped.
  static func say(_ line: String) { writeData(LineText.safe(line) + "\n") }
  static func say(_ lines: [String]) {
    writeData(lines.map { LineText.safe($0) + "\n" }.joined())
  }

  /// One line on standard error; a line feed in it is escaped.
  static func complain(_ line: String) { writeError(LineText.safe(line) + "\n") }

  /// A question on standard error; the answer follows on the same line.
  static func ask(_ question: String) { writeError(LineText.safe(question)) }

  /// What a terminal puts around a paste.
  static let pasteBegins = "\u{1B}[200~"
  static let pasteEnds = "\u{1B}[201~"

  /// Has the terminal mark what is pasted, so that it is not taken for an answer.
  static func marksPastes(_ on: Bool) {
    if isatty(STDIN_FILENO) == 1, isatty(STDERR_FILENO) == 1 {
      writeError("\u{1B}[?2004\(on ? "h" : "l")")
    }
  }

  /// Standard output for programs: nothing is changed.
  static func writeData(_ text: String) { writeData(Array(text.utf8)) }
  static func writeData(_ bytes: [UInt8]) {
    do {
      try DescriptorIO.write(bytes, to: STDOUT_FILENO)
    } catch {
      problem.withLock { $0 = $0 ?? error }
    }
  }

  /// Throws when something of the output is missing.
  static func checkOutput() throws {
    guard let error = problem.withLock({ $0 }), error.code != EPIPE else { return }
    throw Failure(
      .infrastructure, "the output could not be written, and is not whole: \(error.reason)")
  }

  private static func writeError(_ text: String) {
    try? DescriptorIO.write(text, to: STDERR_FILENO)
  }

  static var outputIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 && isatty(STDIN_FILENO) == 1 }
}
