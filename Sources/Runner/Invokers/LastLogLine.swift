import Posix

/// The last line that a program wrote into a log, which mostly says why it ended.
struct LastLogLine {
  private let path: String
  private let start: Int

  /// Considers only what is written into the file from now on.
  init(in path: String) {
    self.path = path
    start = Files.size(path) ?? 0
  }

  /// How much of the end of a log is read, in bytes.
  private static let tail = 4096
  private static let lead = "hflow-job-execute: "

  /// The last line that contains a letter; empty if there is none.
  var text: String {
    let bytes = ((try? Files.read(path)) ?? []).dropFirst(start).suffix(Self.tail)
    let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
    let line = lines.last { $0.contains(where: \.isLetter) } ?? ""
    return String(line.hasPrefix(Self.lead) ? line.dropFirst(Self.lead.count) : line)
  }
}
