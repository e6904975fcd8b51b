import Posix

/// The files of one job in the log directory, named as the original names them. Each is made at its
/// first byte: most jobs say nothing, and a file per job is dear on shared file systems.
struct LogFiles {
  let standardOutput: OutputFile
  let standardError: OutputFile
  private let own: OutputFile
  private let level: LogLevel

  init(job: String, directory: String, settings: ExecutorSettings) {
    let folder = Files.join(directory, settings.logDirectory ?? "logs-hf")
    // A task id of a foreign engine can be anything; in a file name it must stay one name.
    let name = job.map { $0 == ":" ? "__" : $0 == "/" || $0 == "\0" ? "_" : String($0) }.joined()
    let stem = "\(folder)/task-\(name)@\(settings.handlerID)"
    func file(_ suffix: String) -> OutputFile {
      OutputFile(path: stem + suffix, truncate: true, makesDirectory: true)
    }
    standardOutput = file("__stdout.log")
    standardError = file("__stderr.log")
    own = file(".log")
    level = settings.logLevel
  }

  /// A line of the executor itself, with its time in milliseconds since 1970.
  func note(_ level: LogLevel, _ text: @autoclosure () -> String) {
    guard level >= self.level else { return }
    _ = own.write(Array("\(Clock.wallMilliseconds) \(level): \(text())\n".utf8))
  }
}
