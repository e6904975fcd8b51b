import JobProtocol
import Posix
import Synchronization

/// The log files of one job, named as in the original. Each is created with its first byte:
/// most jobs print nothing, and files are expensive on shared file systems.
struct LogFiles {
  private static let folder = "logs-hf"
  /// Whether the message was printed: it is the same for all jobs of an executor.
  private static let isPrinted = Atomic(false)

  let standardOutput: OutputFile
  let standardError: OutputFile
  /// The name of this attempt's executor in its trace.
  let handler: String
  private let own: OutputFile
  private let level: LogLevel

  /// - Parameter isTraced: whether the executor's own lines are a trace, whose name has the task.
  init(
    job: String, directory: String, settings: ExecutorSettings, isTraced: Bool = false
  ) {
    // A directory that the user named is trusted; the jobs' directory is not.
    let named = settings.logDirectory.map { Files.join(directory, $0) }
    // Task ids of other engines may be anything; in a file name they must be one component.
    func name(_ id: String) -> String {
      id.map { $0 == ":" ? "__" : $0 == "/" || $0 == "\0" ? "_" : String($0) }.joined()
    }
    let stem = "task-\(name(job))@\(settings.handlerID)"
    func file(_ name: String) -> OutputFile {
      named.map { OutputFile(GuardedPath(name, below: $0), makesBase: true) }
        ?? OutputFile(GuardedPath("\(Self.folder)/\(name)", below: directory))
    }
    standardOutput = file(stem + "__stdout.log")
    standardError = file(stem + "__stderr.log")
    // `log-parser` expects the name of a task. The attempts of a task differ by their handlers.
    let id = isTraced ? JobID(parsing: job) : nil
    let attempt = id.map(\.attempt) ?? 1
    let handler = settings.handlerID + (attempt > 1 ? "-\(attempt)" : "")
    self.handler = handler
    own = file(id.map { "task-\(name("\($0.task)"))@\(handler).log" } ?? stem + ".log")
    level = settings.logLevel
  }

  /// Prints that a log file cannot be created. For its own host, the engine has already
  /// reported it.
  static func printUnwritable(_ problem: String) {
    guard !isPrinted.exchange(true, ordering: .relaxed) else { return }
    Console.printError("\(problem); the output of jobs is not kept in files")
  }

  /// A line of the executor, in the form of HyperFlow's executor.
  func note(_ level: LogLevel, _ text: @autoclosure () -> String) {
    guard level >= self.level else { return }
    let now = Clock.wallMilliseconds
    let line = TraceLine.line(level, text(), at: now, zone: Clock.zoneOffset(at: now))
    _ = own.write(Array(line.utf8))
  }

  func keeps(_ level: LogLevel) -> Bool { level >= self.level }
}
