import Engine
import Posix
import Report
import Runs

/// Sends the spans of a run while it runs: those of attempts that have ended since the last time,
/// and at the end that of the run.
struct SpanFeed {
  private let collector: TraceCollector
  private let found: FoundRun
  private var sent: Set<AttemptID> = []
  private var lastError = ""

  private static let shortestPause = 2_000
  private static let longestPause = 60_000
  /// A report of a large run takes a while: no more than this part of the time is spent on it.
  private static let pauseForEachMillisecond = 20
  /// How often the last spans are tried, and the pause between, in milliseconds.
  private static let lastTries = 3
  private static let lastPause = 5_000

  init(to collector: TraceCollector, of found: FoundRun) {
    (self.collector, self.found) = (collector, found)
  }

  /// Returns when the run is closed or `engineIsGone` says so, and the last spans are sent.
  mutating func follow(_ live: LiveRun, engineIsGone: (_ within: Int) -> Bool) {
    let following = Task { await live.follow() }
    defer { following.cancel() }
    var isGone = false
    var pause = Self.shortestPause
    while !isGone, !live.current.isFinished {
      let deadline = Clock.monotonicMilliseconds + pause
      while !isGone, !live.current.isFinished, Clock.monotonicMilliseconds < deadline {
        isGone = engineIsGone(500)
      }
      guard !isGone, !live.current.isFinished else { break }
      let start = Clock.monotonicMilliseconds
      _ = send(live, isLast: false)
      let length = Clock.monotonicMilliseconds - start
      pause = min(
        max(length * Self.pauseForEachMillisecond, Self.shortestPause), Self.longestPause)
    }
    for number in 1...Self.lastTries {
      if send(live, isLast: true) || number == Self.lastTries { return }
      _ = Poll.wait(for: -1, 0, milliseconds: Self.lastPause)
    }
  }

  /// Returns whether the collector has taken them.
  private mutating func send(_ live: LiveRun, isLast: Bool) -> Bool {
    let state = live.current
    let report = RunReport(
      state, now: Clock.steadyMilliseconds, isInterrupted: isLast && !state.isFinished)
    var known = sent
    let requests = report.openTelemetry(
      version: CommandLineTool.version, spansPerRequest: TraceCollector.spansPerRequest,
      after: &known, withRoot: isLast)
    do throws(Failure) {
      try collector.send(requests, headers: TraceCollector.environmentHeaders)
      sent = known
      return true
    } catch {
      let text = error.lines.joined(separator: "; ")
      if text != lastError { Console.printError(text) }
      lastError = text
      return false
    }
  }
}
