/// Tasks that run again once all those whose outputs they took have run again, and who waits for
/// whom, seen from both sides.
struct Reruns: Equatable {
  private var sources: [FiringID: Set<FiringID>] = [:]
  private var consumers: [FiringID: Set<FiringID>] = [:]

  var isEmpty: Bool { sources.isEmpty }

  /// The task waits for these, too.
  mutating func wait(_ firing: FiringID, for more: Set<FiringID>) {
    sources[firing, default: []].formUnion(more)
    for source in more { consumers[source, default: []].insert(firing) }
  }

  /// Whether the task is here and waits for nobody any more.
  func isReady(_ firing: FiringID) -> Bool { sources[firing]?.isEmpty == true }

  /// In no order.
  func waiting(for source: FiringID) -> Set<FiringID> { consumers[source] ?? [] }

  /// Nobody waits for it any more; returns who did, in order.
  mutating func release(_ source: FiringID) -> [FiringID] {
    let released = (consumers.removeValue(forKey: source) ?? []).sorted()
    for firing in released { sources[firing]?.remove(source) }
    return released
  }

  mutating func remove(_ firing: FiringID) {
    for source in sources.removeValue(forKey: firing) ?? [] {
      consumers[source]?.remove(firing)
      if consumers[source]?.isEmpty == true { consumers[source] = nil }
    }
  }
}
