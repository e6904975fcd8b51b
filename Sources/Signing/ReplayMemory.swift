/// What was seen and may not come again before its signature expires. What has expired is
/// forgotten, and beyond the limit what expires first: memory stays bounded.
public struct ReplayMemory: Sendable {
  private var expiries: [String: Int] = [:]
  private var nextSweep: Int
  private let limit: Int

  public init(limit: Int = 100_000) {
    self.limit = max(1, limit)
    nextSweep = min(self.limit, 1024)
  }

  public var count: Int { expiries.count }

  /// False when it is there already. Times in milliseconds since 1970.
  public mutating func remember(_ id: String, until expires: Int, now: Int) -> Bool {
    if let known = expiries[id], known > now { return false }
    expiries[id] = expires
    if expiries.count > nextSweep { sweep(now: now) }
    return true
  }

  /// What was not done after all may come again.
  public mutating func forget(_ id: String) { expiries[id] = nil }

  private mutating func sweep(now: Int) {
    expiries = expiries.filter { $0.value > now }
    if expiries.count > limit {
      let kept = expiries.sorted { $0.value > $1.value }.prefix(limit / 2)
      expiries = Dictionary(uniqueKeysWithValues: kept.map { ($0.key, $0.value) })
    }
    nextSweep = min(limit, max(1024, expiries.count * 2))
  }
}
