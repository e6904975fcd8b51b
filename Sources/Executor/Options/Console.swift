import HumanText
import Posix

/// Lines for whoever started the executor, and the only way to its standard streams: nothing from
/// a stranger acts on a terminal. There may be nobody to read them.
enum Console {
  /// One line on standard error; a line feed in it is escaped.
  static func say(_ text: String) {
    try? DescriptorIO.write("hflow-job-execute: \(LineText.safe(text))\n", to: 2)
  }

  /// A text of several lines on standard output.
  static func print(_ text: String) {
    let lines = LineText.safeLines(text).map { $0 + "\n" }
    try? DescriptorIO.write(lines.joined(), to: 1)
  }
}
