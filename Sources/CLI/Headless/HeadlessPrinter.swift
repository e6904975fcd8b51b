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
    var narrator = RunNarrator()
  }

  private let style: Style
  private let state = Mutex(State())

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
        case .plain: return state.narrator.lines(for: event, in: run)
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

  private func label(_ firing: FiringID, _ run: RunState) -> String {
    run.workflow.label(process: firing.process, firing: firing.number).displayName
  }
}
