/// Whether the run of an executor is still in Redis. If Redis was emptied or has lost its data,
/// no engine will end the executor.
///
/// | Redis has the run | it had it before | conclusion |
/// |---|---|---|
/// | yes | – | the run exists |
/// | no | no | it may start later, unless its engine started this executor |
/// | no | yes, recently | it may return with the server's data |
/// | no | yes, longer ago than the grace time | it is gone for good |
struct KnownRun {
  /// How many heartbeats may find no run.
  static let graceBeats = 12

  private let grace: Int
  private var isKnown: Bool
  private var missingSince: Int?

  /// - Parameters: `interval` of heartbeats in milliseconds; `isKnown` if the run's engine
  ///   started this executor.
  init(interval: Int, isKnown: Bool = false) {
    grace = interval * Self.graceBeats
    self.isKnown = isKnown
  }

  /// Handles a reply at a time in milliseconds; returns true if the run is gone for good.
  mutating func observe(isThere: Bool, now: Int) -> Bool {
    if isThere {
      isKnown = true
      missingSince = nil
    }
    guard isKnown, !isThere else { return false }
    let since = missingSince ?? now
    missingSince = since
    return now - since >= grace
  }
}
