import Logging

/// The engine's own log: to standard error, which is a file in an engine process.
enum EngineLog {
  static func make(_ run: any CustomStringConvertible) -> Logger {
    var log = Logger(label: "engine \(run)") { StreamLogHandler.standardError(label: $0) }
    log.logLevel = .notice
    return log
  }
}
