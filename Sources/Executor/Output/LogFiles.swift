import Posix
import Synchronization

/// The log files of one job, named as in the original. Each is created with its first byte:
/// most jobs print nothing, and files are expensive on shared file systems.
struct LogFiles {
  private static let folder = "logs-hf"
  /// The same for all jobs, so an executor prints it once.
  private static let isSaid = Atomic(false)

  let standardOutput: OutputFile
  let standardError: OutputFile
  private let own: OutputFile
  private let level: LogLevel

  init(job: String, directory: String, settings: ExecutorSettings) {
    // A directory that the user named is trusted; the jobs' directory is not.
    let named = settings.logDirectory.map { Files.join(directory, $0) }
    // Task ids of other engines may be anything; in a file name they must be one component.
    let name = job.map { $0 == ":" ? "__" : $0 == "/" || $0 == "\0" ? "_" : String($0) }.joined()
    let stem = "task-\(name)@\(settings.handlerID)"
    func file(_ suffix: String) -> OutputFile {
      named.map { OutputFile(GuardedPath("\(stem)\(suffix)", below: $0), makesBase: true) }
        ?? OutputFile(GuardedPath("\(Self.folder)/\(stem)\(suffix)", below: directory))
    }
    standardOutput = file("__stdout.log")
    standardError = file("__stderr.log")
    own = file(".log")
    level = settings.logLevel
  }

  /// Prints that a log file cannot be created. For its own host, the engine has already
  /// reported it.
  static func sayUnwritable(_ problem: String) {
    guard !isSaid.exchange(true, ordering: .relaxed) else { return }
    Console.say("\(problem); the output of jobs is not kept in files")
  }

  /// A line of the executor, with its time in milliseconds since 1970.
  func note(_ level: LogLevel, _ text: @autoclosure () -> String) {
    guard level >= self.level else { return }
    _ = own.write(Array("\(Clock.wallMilliseconds) \(level): \(text())\n".utf8))
  }
}
