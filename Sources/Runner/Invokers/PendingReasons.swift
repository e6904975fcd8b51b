import Engine

/// Why jobs do not run yet, as far as people have been told: not each repetition, and not faster
/// than they read.
struct PendingReasons {
  private var told: [AttemptID: (reason: String, at: Int)] = [:]

  private static let intervalMilliseconds = 2000

  /// Whether to tell of the reason now. `now` in milliseconds of the monotonic clock.
  mutating func isNew(_ reason: String, of attempt: AttemptID, at now: Int) -> Bool {
    if let last = told[attempt] {
      guard last.reason != reason, now - last.at >= Self.intervalMilliseconds else { return false }
    }
    told[attempt] = (reason, now)
    return true
  }

  mutating func forget(_ attempt: AttemptID) { told[attempt] = nil }
}
