import Engine
import JSONValue
import JobProtocol
import Posix
import Runner
import Synchronization
import TUI
import Workflow

/// Says what happens in a run on standard output: lines for people, or one JSON event a line.
final class HeadlessPrinter: RunObserver {
  enum Style: Sendable { case plain, json }

  private struct State {
    /// `nil` until the run begins.
    var run: RunState?
    var lastProgressAt = 0
  }

  private let style: Style
  private let state = Mutex(State())

  /// Up to so many tasks each gets its own line; of larger runs failures and the progress are told.
  private static let smallRun = 50
  private static let progressMilliseconds = 1000

  init(style: Style) { self.style = style }

  func begins(_ run: RunState) {
    state.withLock { $0.run = run }
    guard style == .plain, let info = run.info else { return }
    Terminal.say(
      "run \(info.run.prefix(4)) of \(info.name.displayName) goes on: "
        + "\(run.counts.done)/\(run.counts.total) done")
  }

  func happened(_ events: [RunEvent]) {
    let lines = state.withLock { state in
      events.flatMap { event -> [String] in
        state.run?.apply(event)
        guard let run = state.run else { return [] }
        switch style {
        case .json: return [EventLine.text(event, in: run)]
        case .plain: return plainLines(event, run, &state.lastProgressAt)
        }
      }
    }
    if !lines.isEmpty { Terminal.say(lines.joined(separator: "\n")) }
  }

  func printed(_ lines: [String], by firing: FiringID) {
    guard style == .plain else { return }
    guard let run = state.withLock({ $0.run }) else { return }
    for line in lines { Terminal.say("  \(label(firing, run)) | \(line.displayName)") }
  }

  var info: RunInfo? { state.withLock { $0.run?.info } }

  /// The last words.
  func finish() {
    guard style == .plain else { return }
    guard let run = state.withLock({ $0.run }) else { return }
    for line in Summary.lines(run, now: Clock.wallMilliseconds) { Terminal.say(line) }
  }

  private func plainLines(
    _ event: RunEvent, _ run: RunState, _ lastProgressAt: inout Int
  ) -> [String] {
    let isSmall = run.counts.total <= Self.smallRun
    switch event.change {
    case .runStarted(let info):
      lastProgressAt = event.time
      return ["run \(info.run.prefix(4)) of \(info.name.displayName) in \(info.directory)"]
    case .jobStarted(let attempt, _, _) where isSmall:
      return ["  started    \(label(attempt.firing, run))"]
    case .jobFinished(let attempt, .succeeded, let usage, _):
      guard isSmall else { return progress(event.time, run, &lastProgressAt) }
      guard run.workflow[attempt.firing.process].command != nil else { return [] }
      return [
        "  succeeded  \(label(attempt.firing, run))  \(seconds(usage.wallMilliseconds))"
      ]
    case .jobFinished(let attempt, .failed(let cause), let usage, _):
      let words = cause.detail?.displayName ?? Summary.shown(usage.lastLine)
      let detail = words.isEmpty ? "" : ": \(words)"
      return ["  failed     \(label(attempt.firing, run))  \(cause.summary)\(detail)"]
    default: return controlLines(event, run)
    }
  }

  /// What people, the retry policy and the infrastructure did.
  private func controlLines(_ event: RunEvent, _ run: RunState) -> [String] {
    switch event.change {
    case .taskSkipped(let firing): return ["  skipped    \(label(firing, run))"]
    case .retryScheduled(let attempt, let dueAt):
      let wait = dueAt > event.time ? " in \(seconds(dueAt - event.time))" : ""
      return ["  retry      \(label(attempt.firing, run))  attempt \(attempt.number)\(wait)"]
    case .attemptMade(let attempt, let reason, _) where reason != .policy:
      return ["  again      \(label(attempt.firing, run))  attempt \(attempt.number)"]
    case .taskHeld(let firing): return ["  held       \(label(firing, run))"]
    case .taskReleased(let firing): return ["  released   \(label(firing, run))"]
    case .paused: return ["  paused: no new jobs"]
    case .continued: return ["  continued"]
    case .workerGone(let name, let reason):
      return ["  worker \(name.displayName) is gone: \(reason.displayName)"]
    case .notice(let text): return ["  note: \(text.displayName)"]
    default: return []
    }
  }

  private func progress(
    _ time: Int, _ run: RunState, _ lastProgressAt: inout Int
  ) -> [String] {
    guard time - lastProgressAt >= Self.progressMilliseconds else { return [] }
    lastProgressAt = time
    let counts = run.counts
    var words = ["\(counts.done)/\(counts.total) done", "\(counts[.running]) running"]
    if counts.needingAttention > 0 { words.append("\(counts.needingAttention) failed") }
    return ["  " + words.joined(separator: ", ")]
  }

  private func label(_ firing: FiringID, _ run: RunState) -> String {
    run.workflow.label(process: firing.process, firing: firing.number).displayName
  }

  private func seconds(_ milliseconds: Int) -> String {
    "\(milliseconds / 1000).\(milliseconds % 1000 / 100) s"
  }
}
