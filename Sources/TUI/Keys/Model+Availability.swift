internal import Engine
internal import Workflow

extension Model {
  /// Why an action can do nothing now; `nil` when it can do something.
  func objection(to action: Action) -> String? {
    switch action {
    case .retry, .skip: objectionToMending(action == .retry ? "retry" : "skip")
    case .retryAll:
      closedObjection
        ?? (run.counts.needingAttention == 0
          ? "nothing has failed: there is nothing to retry" : nil)
    case .cancel: objectionToCancelling
    case .open: objectionToOpening
    default: nil
    }
  }

  private var closedObjection: String? {
    switch (phase, connection) {
    case (.closed, _):
      "the run is closed: hflow-tui retry \(run.info?.run ?? "RUN") --failed"
    case (_, .lost): "Redis cannot be reached just now: try again when it is back"
    default: nil
    }
  }

  private func objectionToMending(_ verb: String) -> String? {
    if let closedObjection { return closedObjection }
    guard let selected else { return "there is no task to \(verb)" }
    let state = run.state(of: selected)
    return state.needsAttention
      ? nil
      : "\(run.label(selected)) is \(TaskLook(state).word): only failed tasks can be "
        + (verb == "retry" ? "retried" : "skipped")
  }

  private var objectionToCancelling: String? {
    if let closedObjection { return closedObjection }
    guard let selected else { return "there is no task to cancel" }
    let state = run.state(of: selected)
    switch state {
    case .running, .queued, .ready: return nil
    default:
      return
        "\(run.label(selected)) is \(TaskLook(state).word): only running tasks can be cancelled"
    }
  }

  private var objectionToOpening: String? {
    switch focus {
    case .graph: selectedStage == nil ? "there is no stage to open" : nil
    case .tasks, .log: selected == nil ? "there is no task to open" : nil
    }
  }
}
