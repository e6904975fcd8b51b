internal import Engine
internal import Workflow

extension Model {
  /// Why an action can do nothing now; `nil` when it can do something.
  func objection(to action: Action) -> String? {
    if let objection = focus.content?.objection(to: action, in: self) { return objection }
    switch action {
    case .task(let action): return objection(to: action, subjects)
    case .run(let action): return objection(to: action)
    default: return nil
    }
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

  // MARK: Tasks

  /// Why it can be done to none of these tasks.
  func objection(to action: TaskAction, _ subjects: [FiringID]) -> String? {
    if let closedObjection { return closedObjection }
    if action == .retryAll {
      return run.counts.needingAttention == 0
        ? "nothing has failed: there is nothing to retry" : nil
    }
    guard let first = subjects.first else { return "there is no task to \(action.rawValue)" }
    if !fitting(action, subjects).isEmpty { return nil }
    let what =
      subjects.count == 1
      ? "\(run.label(first)) is \(TaskLook(run.state(of: first)).word)"
      : "none of the \(subjects.count) tasks fits"
    return "\(what): only \(action.condition)"
  }

  /// The tasks that an action is about.
  var subjects: [FiringID] {
    focus.content?.subjects(self) ?? selected.map { [$0] } ?? []
  }

  /// Those to which it can be done.
  func fitting(_ action: TaskAction, _ subjects: [FiringID]) -> [FiringID] {
    subjects.filter { firing in
      let state = run.state(of: firing)
      switch action {
      case .retry: return state.needsAttention || state == .retrying
      case .retryAll, .skip: return state.needsAttention
      case .cancel: return state.isCancellable
      case .hold: return state.isHoldable && !run.heldTasks.contains(firing)
      case .release: return run.heldTasks.contains(firing) && !state.isOver
      }
    }
  }

  // MARK: The run

  private func objection(to action: RunAction) -> String? {
    if let closedObjection { return closedObjection }
    switch (action, phase) {
    case (.close, .live): return "the run goes on: only one that waits for retries can be closed"
    case (.stop, .open): return "the run has ended: there is nothing to stop"
    case (.pause, .open): return "the run has ended: there is nothing to pause"
    case (.fewerSlots, _) where slotCount <= 1: return "there must be at least one slot"
    default: return nil
    }
  }

  /// How many jobs may run at a time.
  var slotCount: Int {
    run.slots ?? run.workers.reduce(0) { $1.isGone ? $0 : $0 + $1.slots }
  }
}

extension TaskState {
  var isCancellable: Bool {
    switch self {
    case .ready, .queued, .running, .retrying, .held: true
    default: false
    }
  }

  /// No executor has it yet.
  var isHoldable: Bool { self == .waiting || self == .ready || self == .retrying }
}

extension TaskAction {
  /// On which tasks it works: `failed tasks can be retried`.
  var condition: String {
    switch self {
    case .retry, .retryAll: "failed tasks can be retried"
    case .skip: "failed tasks can be skipped"
    case .cancel: "running tasks can be cancelled"
    case .hold: "tasks that no executor has can be held"
    case .release: "held tasks can be released"
    }
  }
}
