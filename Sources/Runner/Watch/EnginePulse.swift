/// Whether a run has an engine, judged by its lease as a watcher reads it time after time.
///
/// | the lease | the engine |
/// |---|---|
/// | has a holder | is there |
/// | has a holder that was a process of this host and has ended | is gone |
/// | has no holder, for the first time | as before: a Redis that was away may have lost it |
/// | has no holder, again | is gone |
/// | cannot be read | as before; gone if its last holder was a process of this host that ended |
struct EnginePulse {
  private(set) var isThere = true
  private var last: String?
  private var misses = 0

  /// `token` is the lease's text. Returns whether there is news.
  mutating func hear(_ token: String?) -> Bool {
    let was = isThere
    last = token
    if let token {
      misses = 0
      isThere = RunLease.holds(token)
    } else {
      misses += 1
      if misses > 1 { isThere = false }
    }
    return isThere != was
  }

  /// Redis does not answer.
  mutating func hearNothing() -> Bool {
    guard isThere, let last, !RunLease.holds(last) else { return false }
    isThere = false
    return true
  }
}
