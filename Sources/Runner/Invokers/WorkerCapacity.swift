import JobProtocol

/// The most that one worker of a run can give to a job; `nil` is unknown. A job that asks for more
/// fails at once, because nobody would ever run it.
struct WorkerCapacity: Sendable, Equatable {
  var slots: Int?
  var memory: Int?

  static let unknown = WorkerCapacity()

  /// The larger of both in each respect.
  static func | (left: WorkerCapacity, right: WorkerCapacity) -> WorkerCapacity {
    func larger(_ one: Int?, _ other: Int?) -> Int? {
      if let one, let other { max(one, other) } else { nil }
    }
    return WorkerCapacity(
      slots: larger(left.slots, right.slots), memory: larger(left.memory, right.memory))
  }

  /// Why no worker can ever run such a job; `nil` if one may.
  func refusal(of needs: JobNeeds) -> String? {
    if let slots, needs.slots > slots {
      return "asks for \(needs.slots) cores; the largest worker has \(slots)"
    }
    if let memory, let bytes = needs.memory, bytes > memory {
      return "asks for \(bytes / 1_000_000) MB of memory; the largest worker has "
        + "\(memory / 1_000_000) MB"
    }
    return nil
  }
}
