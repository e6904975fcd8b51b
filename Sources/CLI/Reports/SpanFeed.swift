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

  /// Milliseconds between two reports.
  private static let minimumInterval = 2_000
  private static let maximumInterval = 60_000
  /// The interval in multiples of the time that the last report took, so that reports of a large
  /// run take at most a twentieth of a processor.
  private static let intervalFactor = 20
  /// How often to try to send the last spans, and the milliseconds between two attempts.
  private static let lastAttempts = 3
  private static let lastInterval = 5_000

  init(to collector: TraceCollector, of found: FoundRun) {
    (self.collector, self.found) = (collector, found)
  }

  /// Sends spans until the run is closed or its engine has ended, then the last spans.
  ///
  /// - Parameter engineIsGone: waits for the engine's end for some milliseconds.
  mutating func follow(_ live: LiveRun, engineIsGone: (_ within: Int) -> Bool) {
    let following = Task { await live.follow() }
    defer { following.cancel() }
    var isGone = false
    var interval = Self.minimumInterval
    while !isGone, !live.current.isFinished {
      let deadline = Clock.monotonicMilliseconds + interval
      while !isGone, !live.current.isFinished, Clock.monotonicMilliseconds < deadline {
        isGone = engineIsGone(500)
      }
      guard !isGone, !live.current.isFinished else { break }
      let start = Clock.monotonicMilliseconds
      _ = send(live, isLast: false)
      let length = Clock.monotonicMilliseconds - start
      interval = min(
        max(length * Self.intervalFactor, Self.minimumInterval), Self.maximumInterval)
    }
    for number in 1...Self.lastAttempts {
      if send(live, isLast: true) || number == Self.lastAttempts { return }
      _ = Poll.wait(for: -1, 0, milliseconds: Self.lastInterval)
    }
  }

  /// Sends the new spans. Returns whether the collector has accepted them.
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
