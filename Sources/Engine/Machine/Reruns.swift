/// Tasks that run again after their upstream tasks have, indexed in both directions.
struct Reruns: Equatable {
  private var sources: [FiringID: Set<FiringID>] = [:]
  private var consumers: [FiringID: Set<FiringID>] = [:]

  var isEmpty: Bool { sources.isEmpty }

  /// Adds tasks that the task waits for.
  mutating func wait(_ firing: FiringID, for more: Set<FiringID>) {
    sources[firing, default: []].formUnion(more)
    for source in more { consumers[source, default: []].insert(firing) }
  }

  /// Whether the task is listed and no longer waits for any task.
  func isReady(_ firing: FiringID) -> Bool { sources[firing]?.isEmpty == true }

  /// The tasks that wait for a task, in no particular order.
  func waiting(for source: FiringID) -> Set<FiringID> { consumers[source] ?? [] }

  /// Removes a task; returns those that waited for it, in order.
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
