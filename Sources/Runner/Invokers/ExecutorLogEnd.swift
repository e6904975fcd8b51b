import Glibc
import JobProtocol
import Posix

/// What HyperFlow's executor wrote last, when it ended without a report. It ends so when a program
/// cannot be started, a file cannot be opened, or a signal ended the program.
///
/// | its words | cause |
/// |---|---|
/// | `Error: spawn PROGRAM ENOENT` | not found |
/// | `Error: spawn PROGRAM EACCES` | not executable |
/// | `Error: ENOENT: REASON, open 'FILE'` | the file cannot be opened |
/// | `Adding result null of task` | a signal |
/// | another line of an error | lost, with that line |
/// | anything else | lost, with the last line that does not only name the job |
struct ExecutorLogEnd: Equatable {
  private let lines: [String]

  /// How much of the end of a log is read, in bytes.
  private static let tail = 16_384

  init(in path: String) {
    self.init(text: Self.end(of: path))
  }

  init(text: String) {
    lines = text.split(whereSeparator: \.isNewline).map(String.init)
  }

  private static func end(of path: String) -> String {
    guard let file = try? Files.openRegular(path) else { return "" }
    let size = Files.size(path) ?? 0
    lseek(file.number, off_t(max(0, size - tail)), SEEK_SET)
    var bytes: [UInt8] = []
    while bytes.count < tail, let more = try? DescriptorIO.read(file.number), !more.isEmpty {
      bytes += more
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  func cause(else reason: String) -> FailureCause {
    // Node.js prints its own version last, and where the error was before.
    if let line = lines.last(where: Self.isError) {
      let text = String(line[(line.firstRange(of: "Error: ")?.upperBound ?? line.startIndex)...])
      return Self.cause(of: text) ?? .lost("\(reason): \(Self.shown(line))")
    }
    if lines.contains(where: { $0.contains("Adding result null of task") }) {
      return .error(Self.signalText)
    }
    let last = lines.last { line in
      line.contains(where: \.isLetter) && !Self.announcements.contains(where: line.hasPrefix)
    }
    return .lost(last.map { "\(reason): \(Self.shown($0))" } ?? reason)
  }

  /// What it writes before it starts a job.
  private static let announcements = ["Job executor will execute tasks", "Received job message"]

  static let signalText =
    "a signal ended the program; HyperFlow's executor does not tell which one"

  /// A line that begins with the name of an error, such as `TypeError: `.
  private static func isError(_ line: String) -> Bool {
    guard let colon = line.firstIndex(of: ":"), line.contains("Error: ") else { return false }
    let name = line[..<colon].drop { $0.isWhitespace }
    return name.hasSuffix("Error") && name.allSatisfy { $0.isLetter || $0 == "_" }
  }

  /// - Parameter text: without `Error: `.
  private static func cause(of text: String) -> FailureCause? {
    let words = text.split(separator: " ")
    if words.first == "spawn", words.count >= 3, let code = words.last {
      let program = shown(words.dropFirst().dropLast().joined(separator: " "))
      if code == "ENOENT" { return .notFound(program) }
      return .error("cannot start \(program): \(meaning[code] ?? String(code))")
    }
    guard let code = words.first?.dropLast(), words.first?.last == ":", let reason = meaning[code],
      let place = text.firstRange(of: ", open '")
    else { return nil }
    let file = text[place.upperBound...].prefix { $0 != "'" }
    return .error("cannot open \(shown(String(file))): \(reason)")
  }

  private static let meaning: [Substring: String] = [
    "ENOENT": "no such file or directory", "EACCES": "permission denied",
    "EISDIR": "it is a directory", "ENOTDIR": "not a directory", "ENOSPC": "no space left",
    "EROFS": "read-only file system", "ENOEXEC": "not a program", "E2BIG": "too many arguments",
  ]

  private static func shown(_ text: String) -> String { String(text.prefix(200)) }
}
