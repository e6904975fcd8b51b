import Posix
import Synchronization

/// The files of one job in the log directory, named as the original names them. Each is made at its
/// first byte: most jobs say nothing, and a file per job is dear on shared file systems.
struct LogFiles {
  private static let folder = "logs-hf"
  /// It is the same for all jobs, so an executor says it once.
  private static let isSaid = Atomic(false)

  let standardOutput: OutputFile
  let standardError: OutputFile
  private let own: OutputFile
  private let level: LogLevel

  init(job: String, directory: String, settings: ExecutorSettings) {
    // The directory that a person named is where it is; in the jobs' directory anything may lie.
    let named = settings.logDirectory.map { Files.join(directory, $0) }
    // A task id of a foreign engine can be anything; in a file name it must stay one name.
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

  /// Tells of a log file that cannot be made, on the executor's own standard error. The engine has
  /// told its run so where it is on this host.
  static func sayUnwritable(_ problem: String) {
    guard !isSaid.exchange(true, ordering: .relaxed) else { return }
    Console.say("\(problem); the outputs of jobs are not kept in files")
  }

  /// A line of the executor itself, with its time in milliseconds since 1970.
  func note(_ level: LogLevel, _ text: @autoclosure () -> String) {
    guard level >= self.level else { return }
    _ = own.write(Array("\(Clock.wallMilliseconds) \(level): \(text())\n".utf8))
  }
}
