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
