import JobProtocol

/// Where the time of one attempt went, phase by phase, in milliseconds; `nil` for a phase that it
/// has not reached or of which nothing is known (foreign executors tell little).
///
/// The stamps of an attempt are the engine's, made when it hears of something; only the time that
/// the application ran is its executor's. Reports of a short job come all at once, so the stamps
/// are moved back where they would leave the application less than it took. Of an attempt that has
/// ended the phases thus add up to the time from its making to its end.
public struct AttemptTimes: Sendable, Equatable {
  public enum Phase: Int, Sendable, CaseIterable {
    /// Made, but kept back: no slot at the invoker, a hold, a pause.
    case wait
    /// Handed over; no executor has taken it.
    case queue
    /// Taken; the application is not started yet.
    case dispatch
    /// The application runs.
    case run
    /// Ended; the engine has not heard of it.
    case notify
  }

  /// When the application started and ended, on the engine's clock, milliseconds since 1970.
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
