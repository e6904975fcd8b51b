/// Decides whether the run of an executor is gone from Redis. If Redis was emptied or has lost its
/// data, no engine will end the executor. If the run's engine started the executor, the run counts
/// as seen before.
///
/// | Redis has the run | the run was seen before | conclusion |
/// |---|---|---|
/// | yes | – | the run exists |
/// | no | no | the run may start later |
/// | no | yes, recently | the run may return with the server's data |
/// | no | yes, longer ago than the grace time | the run is gone for good |
struct KnownRun {
  /// How many heartbeats in a row may find no run before it counts as gone.
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
  mutating func observe(exists: Bool, now: Int) -> Bool {
    if exists {
      isKnown = true
      missingSince = nil
    }
    guard isKnown, !exists else { return false }
    let since = missingSince ?? now
    missingSince = since
    return now - since >= grace
  }
}
