import Engine

/// The reasons for which jobs do not run yet, as far as they were journaled. Repetitions and quick
/// changes are not.
struct PendingReasons {
  private var journaled: [AttemptID: (reason: String, at: Int)] = [:]

  private static let intervalMilliseconds = 2000

  /// Whether to journal the reason now. `now` is in milliseconds of the monotonic clock.
  mutating func isNew(_ reason: String, of attempt: AttemptID, at now: Int) -> Bool {
    if let last = journaled[attempt] {
      guard last.reason != reason, now - last.at >= Self.intervalMilliseconds else { return false }
    }
    journaled[attempt] = (reason, now)
    return true
  }

  mutating func forget(_ attempt: AttemptID) { journaled[attempt] = nil }
}
