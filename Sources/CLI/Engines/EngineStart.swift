import Glibc
import Logging
import Posix
import Runner
import Runs
import Synchronization

extension RunSettings {
  /// Starts an engine with these settings in a process of its own; returns when it runs.
  func launchEngine() throws(Failure) -> EngineProcess.Ready {
    defer { StartLock.release() }
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

/// A lock from the search for other runs of a directory until the new run has started. So if two
/// `run` commands start at the same moment, the second sees the run of the first.
enum StartLock {
  private final class Held: Sendable {
    let lock: FileLock
    init(_ lock: consuming FileLock) { self.lock = lock }
  }

  private static let held = Mutex<Held?>(nil)
  /// Another user may hold the lock for ever.
  private static let waitMilliseconds = 30_000
  private static let noticeMilliseconds = 1000

  /// Locks the directory. If that is impossible or takes too long, the run starts without the lock.
  static func acquire(_ directory: String) {
    guard let lock = try? FileLock(reading: directory) else { return }
    let start = Clock.monotonicMilliseconds
    var isReported = false
    while !lock.tryLock() {
      let waited = Clock.monotonicMilliseconds - start
      if waited > waitMilliseconds { return }
      if waited > noticeMilliseconds, !isReported {
        Console.printError("note: waiting for another run that is starting in this directory")
        isReported = true
      }
      _ = Poll.wait(for: -1, POLLIN, milliseconds: 20)
    }
    let own = Held(lock)
    held.withLock { $0 = own }
  }

  static func release() { held.withLock { $0 = nil } }
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
