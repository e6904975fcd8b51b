/// Remembers nonces and job ids until their signatures expire. Expired entries are removed;
/// beyond the limit, those that expire first are, so memory is bounded.
public struct ReplayMemory: Sendable {
  private var expiries: [String: Int] = [:]
  private var nextRemovalCount: Int
  private let limit: Int

  public init(limit: Int = 100_000) {
    self.limit = max(1, limit)
    nextRemovalCount = min(self.limit, 1024)
  }

  public var count: Int { expiries.count }

  /// Returns false if the id is already known. Times are milliseconds since 1970.
  public mutating func remember(_ id: String, until expires: Int, now: Int) -> Bool {
    if let known = expiries[id], known > now { return false }
    expiries[id] = expires
    if expiries.count > nextRemovalCount { removeExpired(now: now) }
    return true
  }

  /// Allows the id again, because the action was not carried out.
  public mutating func forget(_ id: String) { expiries[id] = nil }

  private mutating func removeExpired(now: Int) {
    expiries = expiries.filter { $0.value > now }
    if expiries.count > limit {
      let kept = expiries.sorted { $0.value > $1.value }.prefix(limit / 2)
      expiries = Dictionary(uniqueKeysWithValues: kept.map { ($0.key, $0.value) })
    }
    nextRemovalCount = min(limit, max(1024, expiries.count * 2))
  }
}
