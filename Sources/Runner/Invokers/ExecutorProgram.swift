import Posix

/// Finds the job executor that belongs to this program.
enum ExecutorProgram {
  static let name = "hflow-job-execute"

  /// A request that starts the executor beside our own program, or the one in `PATH`.
  static func request() throws(InvokerError) -> SpawnRequest {
    let folder = Environment.executablePath.map(Files.parent(of:)) ?? "."
    let beside = Files.join(folder, name)
    if Files.isExecutableFile(beside) { return request(beside) }
    if let path = Files.findExecutable(name) { return request(path) }
    throw InvokerError(
      "\(name) not found beside hflow-tui (\(folder)) nor in PATH; install both programs together",
      isForGood: true)
  }

  /// The executor gets the run's clock anchor, so that its time stamps are comparable with the
  /// engine's.
  private static func request(_ path: String) -> SpawnRequest {
    var request = SpawnRequest(path)
    request.additionalEnvironment[ClockAnchor.variable] = ClockAnchor.text
    return request
  }
}

/// The path of this host's executor.
public enum ExecutorPath {
  /// `nil` if there is none.
  public static var found: String? { try? ExecutorProgram.request().executable }
}

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
