import HumanText
import Posix

/// Prints lines for the user who started the executor. All output goes through here, so untrusted
/// text cannot control a terminal. There may be no reader.
enum Console {
  /// Prints one line on standard error; escapes line feeds in it.
  static func printError(_ text: String) {
    try? DescriptorIO.write("hflow-job-execute: \(LineText.safe(text))\n", to: 2)
  }

  /// Prints several lines on standard output.
  static func print(_ text: String) {
    let lines = LineText.safeLines(text).map { $0 + "\n" }
    try? DescriptorIO.write(lines.joined(), to: 1)
  }
}
