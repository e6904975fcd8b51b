import Engine
import JobProtocol
import Posix
import Redis
import Runner
import Runs
import Synchronization
import Workflow

/// The state of a run, kept up to date from its journal.
final class LiveRun: Sendable {
  private let state: Mutex<RunState>
  private let events: RedisStreamReader

  init(_ run: RunState, of opened: OpenedRun, after id: String) {
    state = Mutex(run)
    events = opened.runWatcher.events(after: id)
  }

  /// Whether the attempt has ended or will never start.
  func isOver(_ attempt: AttemptID) -> Bool {
    state.withLock { Self.isOver(attempt, in: $0) }
  }

  func record(of attempt: AttemptID) -> AttemptRecord? {
    state.withLock { run in
      run.task(attempt.firing)?.attempts.first { $0.number == attempt.number }
    }
  }

  /// Returns a second after the attempt has ended, because its last output may still arrive.
  func wait(forEndOf attempt: AttemptID) async {
    do {
      for try await batch in events {
        let isOver = state.withLock { run in
          for event in RunWatcher.events(in: batch) { run.apply(event) }
          return Self.isOver(attempt, in: run)
        }
        if isOver { break }
      }
    } catch {
      return
    }
    await Ticker.pause(milliseconds: Self.graceMilliseconds)
  }

  var current: RunState { state.withLock { $0 } }

  /// Keeps the state up to date until the run has finished or its Redis is lost.
  func follow() async {
    do {
      for try await batch in events {
        let isFinished = state.withLock { run in
          for event in RunWatcher.events(in: batch) { run.apply(event) }
          return run.isFinished
        }
        if isFinished { return }
      }
    } catch {
      return
    }
  }

  private static let graceMilliseconds = 1000

  private static func isOver(_ attempt: AttemptID, in run: RunState) -> Bool {
    if run.isFinished { return true }
    guard let attempts = run.task(attempt.firing)?.attempts else { return false }
    return attempts.contains { record in
      record.number == attempt.number && record.outcome != nil || record.number > attempt.number
    }
  }
}
