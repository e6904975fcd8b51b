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
    var run: RunState
    var lastProgressAt = 0
  }

  private let workflow: Workflow
  private let style: Style
  private let state: Mutex<State>

  /// Up to so many tasks each gets its own line; of larger runs failures and the progress are told.
  private static let smallRun = 50
  private static let progressMilliseconds = 1000

  init(workflow: Workflow, style: Style) {
    self.workflow = workflow
    self.style = style
    state = Mutex(State(run: RunState(workflow: workflow)))
  }

  func happened(_ events: [RunEvent]) {
    let lines = state.withLock { state in
      events.flatMap { event in
        state.run.apply(event)
        switch style {
        case .json: return [EventLine.text(event, in: state.run)]
        case .plain: return plainLines(event, &state)
        }
      }
    }
    if !lines.isEmpty { Terminal.say(lines.joined(separator: "\n")) }
  }

  func printed(_ lines: [String], by firing: FiringID) {
    guard style == .plain else { return }
    for line in lines { Terminal.say("  \(label(firing)) | \(line.displayName)") }
  }

  var info: RunInfo? { state.withLock { $0.run.info } }

  /// The last words.
  func finish() {
    guard style == .plain else { return }
    let run = state.withLock { $0.run }
    for line in Summary.lines(run, now: Clock.wallMilliseconds) { Terminal.say(line) }
  }

  private func plainLines(_ event: RunEvent, _ state: inout State) -> [String] {
    let run = state.run
    let isSmall = run.counts.total <= Self.smallRun
    switch event.change {
    case .runStarted(let info):
      state.lastProgressAt = event.time
      return ["run \(info.run.prefix(4)) of \(info.name.displayName) in \(info.directory)"]
    case .jobStarted(let attempt, _, _) where isSmall:
      return ["  started    \(label(attempt.firing))"]
    case .jobFinished(let attempt, .succeeded, let usage, _):
      guard isSmall else { return progress(event.time, &state) }
      guard workflow[attempt.firing.process].command != nil else { return [] }
      return ["  succeeded  \(label(attempt.firing))  \(seconds(usage.wallMilliseconds))"]
    case .jobFinished(let attempt, .failed(let cause), let usage, _):
      let words = cause.detail?.displayName ?? Summary.shown(usage.lastLine)
      let detail = words.isEmpty ? "" : ": \(words)"
      return ["  failed     \(label(attempt.firing))  \(cause.summary)\(detail)"]
    case .taskSkipped(let firing): return ["  skipped    \(label(firing))"]
    case .workerGone(let name, let reason): return ["  worker \(name) is gone: \(reason)"]
    case .notice(let text): return ["  note: \(text.displayName)"]
    default: return []
    }
  }

  private func progress(_ time: Int, _ state: inout State) -> [String] {
    guard time - state.lastProgressAt >= Self.progressMilliseconds else { return [] }
    state.lastProgressAt = time
    let counts = state.run.counts
    var words = ["\(counts.done)/\(counts.total) done", "\(counts[.running]) running"]
    if counts.needingAttention > 0 { words.append("\(counts.needingAttention) failed") }
    return ["  " + words.joined(separator: ", ")]
  }

  private func label(_ firing: FiringID) -> String {
    workflow.label(process: firing.process, firing: firing.number).displayName
  }

  private func seconds(_ milliseconds: Int) -> String {
    "\(milliseconds / 1000).\(milliseconds % 1000 / 100) s"
  }
}
