internal import Engine
internal import JobProtocol
internal import Workflow

extension Model {
  /// Why an action can do nothing now; `nil` when it can do something.
  func objection(to action: Action) -> String? {
    if let objection = focus.content?.objection(to: action, in: self) { return objection }
    switch action {
    case .task(let action):
      let subjects = subjects
      if action.verb != nil, subjects.isEmpty, let absence { return absence }
      return objection(to: action, subjects)
    case .run(let action): return objection(to: action)
    default: return nil
    }
  }

  /// Why nothing can be asked of the engine. What mends a run may be asked of a closed one, too:
  /// then its engine is started again.
  func closedObjection(mends: Bool = false) -> String? {
    if replay != nil { return "this is a replay: nothing can be changed" }
    switch (phase, connection) {
    case (.closed, _):
      if mends { return nil }
      return run.counts.needingAttention > 0
        ? "the run is closed: a retry opens it again" : "the run is closed"
    case (_, .live) where lacksEngine:
      return mends ? nil : "the engine is gone: `resume` starts another, and so does a retry"
    case (_, .lost) where lacksEngine: return "the engine is gone: `resume` starts another"
    case (_, .lost): return "Redis cannot be reached just now: try again when it is back"
    default: return nil
    }
  }

  // MARK: The run

  private func objection(to action: RunAction) -> String? {
    if let closedObjection = closedObjection() { return closedObjection }
    switch (action, phase) {
    case (.close, .live): return "the run goes on: only one that waits for retries can be closed"
    case (.stop, .open): return "the run has ended: there is nothing to stop"
    case (.pause, .open): return "the run has ended: there is nothing to pause"
    case (.moreSlots, _) where slotCount >= ExecutorOrder.chosenSlots.upperBound:
      return "there may be no more than \(slotCount) slots"
    case (.fewerSlots, _) where slotCount <= 1: return "there must be at least one slot"
    default: return nil
    }
  }

  /// How many jobs may run at a time.
  var slotCount: Int {
    run.slots ?? run.workers.reduce(0) { $1.isGone ? $0 : $0 + $1.slots }
  }
}
