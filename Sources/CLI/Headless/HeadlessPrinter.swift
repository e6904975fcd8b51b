import Dispatch
import Engine
import HumanText
import JSONValue
import JobProtocol
import Posix
import Runner
import Synchronization
import TUI
import Workflow

/// Prints what happens in a run on standard output: lines for people, or one JSON event per line.
/// The run waits neither for the reader nor for the formatting, which a queue of its own does.
final class HeadlessPrinter: RunObserver {
  enum Style: Sendable { case plain, json }

  private struct State {
    /// `nil` until the run begins.
    var run: RunState?
    var eventLines = RunEventLines()
  }

  private let style: Style
  private let state = Mutex(State())

  private let output: LineQueue
  /// Formats and appends in the order in which the engine reported.
  private let queue = DispatchQueue(label: "hflow-tui.printer")

  init(style: Style) {
    self.style = style
    output = LineQueue(isForPeople: style == .plain) { Self.omittedText(of: $0, style) }
  }

  func runStarted(_ info: RunInfo?, _ state: () -> RunState) {
    let run = state()
    self.state.withLock { $0.run = run }
    guard style == .plain, let info else { return }
    append([
      "run \(info.run.prefix(4)) of \(info.name.displayName) resumed: "
        + "\(run.counts.done)/\(run.counts.total) done"
    ])
  }

  func committed(_ events: [RunEvent]) {
    queue.async { self.print(events) }
  }

  private func print(_ events: [RunEvent]) {
    let lines = state.withLock { state in
      events.flatMap { event -> [String] in
        state.run?.apply(event)
        guard let run = state.run else { return [] }
        switch style {
        case .json: return EventLine.texts(event, in: run)
        case .plain: return state.eventLines.lines(for: event, in: run)
        }
      }
    }
    let areLast = if case .runFinished? = events.last?.change { true } else { false }
    output.append(lines, areLast: areLast)
  }

  func printed(_ lines: [String], by firing: FiringID) {
    guard style == .plain else { return }
    queue.async { [self] in
      guard let run = state.withLock({ $0.run }) else { return }
      let name = label(firing, run)
      output.append(lines.map { "  \(name) | \($0.displayName)" })
    }
  }

  func redisChanged(_ change: OutageChange) -> Bool {
    switch style {
    case .plain: append(["  \("\(change)".displayName)"])
    case .json: append([EventLine.text(change, at: Clock.steadyMilliseconds)])
    }
    return true
  }

  func staysOpen(_ run: RunID) {
    Console.printError(
      "note: run \(run.short) has ended but stays open while a screen shows it; to close it: "
        + "hflow-tui close \(run.short)")
  }

  var info: RunInfo? {
    queue.sync { state.withLock { $0.run?.info } }
  }

  /// Prints the summary.
  func finish() {
    guard style == .plain else { return }
    queue.sync {
      guard let run = state.withLock({ $0.run }) else { return }
      output.append(Summary.lines(run, now: Clock.steadyMilliseconds), areLast: true)
    }
  }

  /// Waits until everything is formatted, then until it is written, at most this long.
  func flush(milliseconds: Int? = nil) {
    queue.sync {}
    output.flush(milliseconds: milliseconds)
  }

  private func append(_ lines: [String]) {
    queue.async { [output] in output.append(lines) }
  }

  private static func omittedText(of count: Int, _ style: Style) -> String {
    switch style {
    case .plain:
      "… \(Formats.counted(count, "line")) left out because the reader was too slow; "
        + "`hflow-tui watch` shows all"
    case .json:
      JSON.object([
        "event": "linesLeftOut", "time": .int(Clock.steadyMilliseconds), "count": .int(count),
      ]).text
    }
  }

  private func label(_ firing: FiringID, _ run: RunState) -> String {
    run.workflow.label(process: firing.process, firing: firing.number).displayName
  }
}
