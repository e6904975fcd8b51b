/// Until when this executor certainly counts as alive: the expiry of its heartbeat key, as far as
/// this process knows.
///
/// | a heartbeat is acknowledged | then |
/// |---|---|
/// | while presence is certain | it is certain for a lifetime after the sending |
/// | later, and it was sent less than a lifetime ago | the same; this ends an absence |
/// | later, and it is older | nothing; the next heartbeat decides |
///
/// After an absence (no network, suspended, asleep), the executor and its jobs may have been
/// given up, so it asks before it starts anything. Times are milliseconds on a clock that
/// includes sleep.
struct Presence {
  /// The lifetime of the key: three heartbeats may be lost.
  let lifetime: Int
  private var certainUntil: Int

  /// - Parameter since: when the existing key was set.
  init(interval: Int, since: Int) {
    lifetime = interval * 3
    certainUntil = since + lifetime
  }

  func isCertain(at now: Int) -> Bool { now < certainUntil }

  /// Returns true if this ends an absence.
  mutating func acknowledged(sentAt: Int, now: Int) -> Bool {
    let wasAbsent = !isCertain(at: now)
    certainUntil = max(certainUntil, sentAt + lifetime)
    return wasAbsent && isCertain(at: now)
  }
}
