public import Engine
internal import HumanText
internal import JobProtocol
internal import Workflow

/// Converts the events of a run to lines: the output of a headless run, and of the screen in
/// plain mode.
public struct RunEventLines: Sendable {
  /// Runs with more tasks than this print failures and progress only.
  private static let smallRun = 50
  private static let progressMilliseconds = 1000

  private var lastProgressAt = 0
  /// Why places for workers are pending, by site, as last printed.
  private var placeReasons: [String: String] = [:]

  public init() {}

  /// The lines for an event that has been applied to `run`; often none.
  public mutating func lines(for event: RunEvent, in run: RunState) -> [String] {
    let isSmall = run.counts.total <= Self.smallRun
    switch event.change {
    case .runStarted(let info):
      lastProgressAt = event.time
      return [
        "run \(info.run.prefix(4)) of \(info.name.displayName) in \(info.directory.displayName)"
      ]
    case .jobStarted(let attempt, _, _) where isSmall:
      return ["  started    \(label(attempt.firing, run))"]
    case .jobFinished(let attempt, .succeeded, let usage, _) where !usage.missingFiles.isEmpty:
      let label = self.label(attempt.firing, run)
      return ["  succeeded  \(label)  warning: \(usage.missingFiles.displayName)"]
    case .jobFinished(let attempt, .succeeded, let usage, _):
      guard isSmall else { return progress(event.time, run) }
      // In-engine functions are too many to print.
      guard let task = run.task(attempt.firing),
        run.workflow[attempt.firing.process].executor != nil
      else { return [] }
      // Functions and foreign executors report no time.
      let known = usage.wallMilliseconds > 0 ? usage.wallMilliseconds : nil
      let milliseconds = known ?? task.lastAttempt?.duration(now: event.time)
      let time = milliseconds.map { "  \(seconds($0))" } ?? ""
      return ["  succeeded  \(label(attempt.firing, run))\(time)"]
    case .jobFinished(let attempt, .failed(let cause), let usage, _):
      let words = cause.detail?.displayName ?? Summary.shown(usage.lastLine)
      let detail = words.isEmpty ? "" : ": \(words)"
      return [
        "  failed     \(label(attempt.firing, run))  \(cause.summary.displayName)\(detail)"
      ]
    case .allocationChanged(let place): return placeLines(place)
    default: return controlLines(event, run)
    }
  }

  /// Many allocations of a site usually wait for the same reason, which is printed once.
  private mutating func placeLines(_ place: Allocation) -> [String] {
    if place.state == .running { placeReasons[place.site] = nil }
    guard place.state != .running, !place.reason.isEmpty,
      placeReasons.updateValue(place.reason, forKey: place.site) != place.reason
    else { return [] }
    let name = "\(place.site.displayName) \(place.id.displayName)"
    return ["  \(name) \(place.state.rawValue): \(place.reason.displayName)"]
  }

  /// Lines about users, retries and the infrastructure.
  private func controlLines(_ event: RunEvent, _ run: RunState) -> [String] {
    switch event.change {
    case .jobsCancelled(let attempts):
      return ["  cancelled  \(Formats.counted(attempts.count, "task"))"]
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
    case .slotsChanged(let count): return ["  slots: \(Formats.counted(count, "job")) at a time"]
    case .failFastChanged(let on):
      return [on ? "  stops at the first failure" : "  keeps going after failures"]
    case .workerGone(let name, let reason):
      return ["  worker \(name.displayName) left: \(reason.displayName)"]
    case .notice(let text): return ["  note: \(text.displayName)"]
    default: return []
    }
  }

  private mutating func progress(_ time: Int, _ run: RunState) -> [String] {
    guard time - lastProgressAt >= Self.progressMilliseconds else { return [] }
    lastProgressAt = time
    let counts = run.counts
    var words = ["\(counts.done)/\(counts.total) done", "\(counts[.running]) running"]
    words += counts.statesNeedingAttention.map { "\(counts[$0]) \(TaskAppearance($0).word)" }
    return ["  " + words.joined(separator: ", ")]
  }

  /// Events are not trusted: they may name something unknown.
  private func label(_ firing: FiringID, _ run: RunState) -> String {
    let isKnown = run.workflow.processes.indices.contains(firing.process.index)
    return isKnown ? run.label(firing) : "\(firing)"
  }

  private func seconds(_ milliseconds: Int) -> String {
    Formats.mean(milliseconds: Double(milliseconds))
  }
}
