import JobProtocol

/// The phases of an attempt in milliseconds; `nil` for a phase that it has not reached or that
/// is unknown (foreign executors report little).
///
/// The stamps of an attempt are the engine's; only the run time is measured by its executor.
/// Reports of a short job arrive together, so stamps are moved back if they would leave the
/// application less than its run time. The phases of an ended attempt therefore add up to its
/// total time.
public struct AttemptTimes: Sendable, Equatable {
  public enum Phase: Int, Sendable, CaseIterable {
    /// Made, but kept back: a limit, a hold, a pause.
    case wait
    /// Submitted; no executor has taken it.
    case queue
    /// Taken; the application has not started.
    case dispatch
    /// The application runs.
    case run
    /// Ended; the engine does not know yet.
    case notify
  }

  /// When the application started and ended, in milliseconds since 1970 on the engine's
  /// clock.
  public let startedAt: Int?
  public let endedAt: Int?
  private var values = [Int?](repeating: nil, count: Phase.allCases.count)

  public subscript(phase: Phase) -> Int? { values[phase.rawValue] }

  /// All phases together.
  public var total: Int { values.reduce(0) { $0 + ($1 ?? 0) } }

  public init(_ attempt: AttemptRecord) {
    let ran = attempt.startedAt == nil || attempt.outcome == nil ? nil : attempt.duration(now: 0)
    let submitted = attempt.submittedAt.map { max($0, attempt.madeAt) }
    let latest = (attempt.endedAt ?? .max) - (ran ?? 0)
    let started = attempt.startedAt.map { max(min($0, latest), submitted ?? $0) }
    let taken = attempt.takenAt.map { max(min($0, started ?? latest), submitted ?? $0) }
    startedAt = started
    endedAt = started.flatMap { started in ran.map { started + $0 } }
    set(.wait, from: attempt.madeAt, to: submitted)
    set(.queue, from: submitted, to: taken ?? started)
    set(.dispatch, from: taken, to: started)
    set(.run, from: startedAt, to: endedAt)
    set(.notify, from: endedAt, to: attempt.endedAt)
  }

  private mutating func set(_ phase: Phase, from start: Int?, to end: Int?) {
    guard let start, let end else { return }
    values[phase.rawValue] = max(0, end - start)
  }
}
