import Logging
import Posix
import Runner
import Runs

extension RunSettings {
  /// Starts an engine with these settings in a process of its own; returns when it runs.
  func launchEngine() throws(Failure) -> EngineProcess.Ready {
    guard let program = Environment.executablePath else {
      throw Failure(.infrastructure, "cannot find the path of hflow-tui itself (/proc is missing)")
    }
    do throws(RunnerError) {
      return try EngineLauncher.launch(self, program: program)
    } catch {
      throw Failure(error)
    }
  }
}

/// The engine's log, on standard error, which is `engine.log` in an engine process.
enum EngineLog {
  static func make(_ run: any CustomStringConvertible) -> Logger {
    var log = Logger(label: "engine \(run)") { _ in LogLines() }
    log.logLevel = .notice
    return log
  }
}

/// Writes each message as one line: UTC time, level, text.
private struct LogLines: LogHandler {
  var logLevel = Logger.Level.notice
  var metadata: Logger.Metadata = [:]

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let time = Clock.isoText(milliseconds: Clock.wallMilliseconds)
    Console.printError("\(time) \(event.level) \(event.message)")
  }
}
