import Logging
import Posix

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
