internal import Engine
internal import Workflow

extension Model {
  /// Why an action can do nothing now; `nil` when it can do something.
  func objection(to action: Action) -> String? {
    if let objection = focus.content?.objection(to: action, in: self) { return objection }
    switch action {
    case .task(let action): return objection(to: action)
    default: return nil
    }
  }

  private func objection(to action: TaskAction) -> String? {
    if let closedObjection { return closedObjection }
    switch action {
    case .retry: return objection("retry", "failed", "retried", where: \.needsAttention)
    case .skip: return objection("skip", "failed", "skipped", where: \.needsAttention)
    case .cancel: return objection("cancel", "running", "cancelled", where: \.isCancellable)
    case .retryAll:
      return run.counts.needingAttention == 0
        ? "nothing has failed: there is nothing to retry" : nil
    }
  }

  private func objection(
    _ verb: String, _ fitting: String, _ done: String, where fits: (TaskState) -> Bool
  ) -> String? {
    let subjects = self.subjects
    guard let first = subjects.first else { return "there is no task to \(verb)" }
    if subjects.contains(where: { fits(run.state(of: $0)) }) { return nil }
    let what =
      subjects.count == 1
      ? "\(run.label(first)) is \(TaskLook(run.state(of: first)).word)"
      : "none of the \(subjects.count) tasks is \(fitting)"
    return "\(what): only \(fitting) tasks can be \(done)"
  }

  /// Why nothing can be asked of the engine.
  var closedObjection: String? {
    switch (phase, connection) {
    case (.closed, _):
      "the run is closed: hflow-tui retry \(run.info?.run ?? "RUN") --failed"
    case (_, .lost): "Redis cannot be reached just now: try again when it is back"
    default: nil
    }
  }

  /// The tasks that an action is about.
  var subjects: [FiringID] {
    focus.content?.subjects(self) ?? selected.map { [$0] } ?? []
  }

  /// Those of them that an action fits.
  func subjects(where fits: (TaskState) -> Bool) -> [FiringID] {
    subjects.filter { fits(run.state(of: $0)) }
  }
}

extension TaskState {
  var isCancellable: Bool { self == .ready || self == .queued || self == .running }
}
