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
