internal import Engine

extension TaskAppearance {
  /// The most important state of a stage's tasks.
  init(stage counts: TaskCounts) {
    let telling: [TaskState] = [
      .failed, .lost, .running, .retrying, .starting, .queued, .submitted, .ready, .held,
      .cancelled,
    ]
    if let state = telling.first(where: { counts[$0] > 0 }) {
      self = TaskAppearance(state)
    } else if counts.total > 0, counts.done == counts.total {
      self = counts[.succeeded] > 0 ? .succeeded : .skipped
    } else {
      self = .waiting
    }
  }
}
