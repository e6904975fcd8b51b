/// Whether the run that an executor serves is still in its Redis. One that was emptied, or came
/// back without its data, has no engine any more that could end the executor.
///
/// | Redis has the run | it had it before | then |
/// |---|---|---|
/// | yes | – | it is there |
/// | no | no | it may come yet: executors may be started first, unless its engine started them |
/// | no | yes, not long ago | it may come back, with the data of the server |
/// | no | yes, a grace ago | it is gone for good |
struct KnownRun {
  /// Signs of life that may pass without the run.
  static let graceBeats = 12

  private let grace: Int
  private var isKnown: Bool
  private var missingSince: Int?

  /// `interval` of the signs of life, in milliseconds; `isKnown` for an executor that the run's own
  /// engine started: the run was there before it.
  init(interval: Int, isKnown: Bool = false) {
    grace = interval * Self.graceBeats
    self.isKnown = isKnown
  }

  /// What Redis says at a time in milliseconds; true when the run is gone for good.
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
