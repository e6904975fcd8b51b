/// Whether a run has an engine, according to its lease, which a watcher reads repeatedly.
///
/// | the lease | the engine |
/// |---|---|
/// | has a holder | is alive |
/// | has a holder that was a process of this host and has ended | is gone |
/// | has no holder, for the first time | as before: Redis may have lost the lease in an outage |
/// | has no holder, again | is gone |
/// | cannot be read | as before, or gone if its last holder was a process of this host that ended |
struct EngineLiveness {
  private(set) var isAlive = true
  private var last: String?
  private var misses = 0

  /// The lease was read. Returns whether `isAlive` has changed.
  /// - Parameter token: The value of the lease's key; `nil` if it has none.
  mutating func leaseRead(_ token: String?) -> Bool {
    let was = isAlive
    last = token
    if let token {
      misses = 0
      isAlive = RunLease.holds(token)
    } else {
      misses += 1
      if misses > 1 { isAlive = false }
    }
    return isAlive != was
  }

  /// Redis did not answer. Returns whether `isAlive` has changed.
  mutating func leaseUnreadable() -> Bool {
    guard isAlive, let last, !RunLease.holds(last) else { return false }
    isAlive = false
    return true
  }
}
