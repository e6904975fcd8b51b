/// For how long the engine counts on this executor: the life of its key with a time to live, as far
/// as this side knows it.
///
/// | the acknowledgement of a beat comes | then |
/// |---|---|
/// | while presence is certain | it is certain for a lifetime from when the beat was sent |
/// | later, and the beat is younger than a lifetime | the same; we have returned from an absence |
/// | later, and the beat is older | nothing: the next beat tells |
///
/// Who was absent (cut off, suspended, asleep) may have been given up, with all its jobs: it asks
/// before it starts anything. Times are milliseconds on a clock that also counts sleep.
struct Presence {
  /// Of a key: three beats may be lost.
  let lifetime: Int
  private var certainUntil: Int

  /// `since`: when the key was set that is there already.
  init(interval: Int, since: Int) {
    lifetime = interval * 3
    certainUntil = since + lifetime
  }

  func isCertain(at now: Int) -> Bool { now < certainUntil }

  /// True when this ends an absence.
  mutating func acknowledged(sentAt: Int, now: Int) -> Bool {
    let wasAbsent = !isCertain(at: now)
    certainUntil = max(certainUntil, sentAt + lifetime)
    return wasAbsent && isCertain(at: now)
  }
}
