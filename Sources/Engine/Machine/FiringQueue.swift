import DequeModule

/// Firings of one process that wait for `parlevel`, in order of arrival, each once.
struct FiringQueue: Sendable {
  private var queue: Deque<FiringID> = []
  private var members: Set<FiringID> = []

  mutating func append(_ firing: FiringID) {
    if members.insert(firing).inserted { queue.append(firing) }
  }

  mutating func popFirst() -> FiringID? {
    guard let first = queue.popFirst() else { return nil }
    members.remove(first)
    return first
  }
}
