import Glibc
import HumanText
import Posix
import Synchronization

/// The standard streams of a command. All output goes through here, so that untrusted text
/// cannot control the terminal.
///
/// | text | function | treatment |
/// |---|---|---|
/// | for people | `print`, `printError`, `prompt`, `LineQueue` | `LineText.safe` for each line |
/// | for programs (JSON, a log, a report) | `writeData` | unchanged; the format has its escapes |
///
/// A closed pipe is not an error. A failed write is reported at the end, by `checkOutput`.
enum Console {
  private static let problem = Mutex<PosixError?>(nil)

  /// Prints one line on standard output; escapes line feeds in it.
  static func print(_ line: String) { writeData(LineText.safe(line) + "\n") }
  static func print(_ lines: [String]) {
    writeData(lines.map { LineText.safe($0) + "\n" }.joined())
  }

  /// Prints one line on standard error; escapes line feeds in it.
  static func printError(_ line: String) { writeError(LineText.safe(line) + "\n") }

  /// Prints a question on standard error; the answer follows on the same line.
  static func prompt(_ question: String) { writeError(LineText.safe(question)) }

  /// The escape sequences around a paste.
  static let pasteBegins = "\u{1B}[200~"
  static let pasteEnds = "\u{1B}[201~"

  /// Tells the terminal to mark pastes, so that a paste is not read as an answer.
  static func marksPastes(_ on: Bool) {
    if isatty(STDIN_FILENO) == 1, isatty(STDERR_FILENO) == 1 {
      writeError("\u{1B}[?2004\(on ? "h" : "l")")
    }
  }

  /// Writes data for programs to standard output, unchanged.
  static func writeData(_ text: String) { writeData(Array(text.utf8)) }
  static func writeData(_ bytes: [UInt8]) {
    do {
      try DescriptorIO.write(bytes, to: STDOUT_FILENO)
    } catch {
      outputFailed(error)
    }
  }

  /// Remembers that standard output could not be written.
  static func outputFailed(_ error: PosixError) { problem.withLock { $0 = $0 ?? error } }

  /// Throws if some output could not be written.
  static func checkOutput() throws {
    guard let error = problem.withLock({ $0 }), error.code != EPIPE else { return }
    throw Failure(
      .infrastructure, "the output is incomplete: \(error.reason)")
  }

  private static func writeError(_ text: String) {
    try? DescriptorIO.write(text, to: STDERR_FILENO)
  }

  static var outputIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 && isatty(STDIN_FILENO) == 1 }
}
