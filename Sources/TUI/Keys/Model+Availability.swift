internal import Engine
internal import JobProtocol
internal import Workflow

extension Model {
  /// Why an action is not possible now; `nil` if it is.
  func objection(to action: Action) -> String? {
    if let objection = focus.content?.objection(to: action, in: self) { return objection }
    switch action {
    case .task(let action):
      let subjects = subjects
      if action.verb != nil, subjects.isEmpty, let targetObjection { return targetObjection }
      return objection(to: action, subjects)
    case .run(let action): return objection(to: action)
    default: return nil
    }
  }

  /// Why no request can be sent; `nil` if requests are possible. A request with `restartsEngine`
  /// can also be sent to a closed run, whose engine is restarted.
  func closedObjection(restartsEngine: Bool = false) -> String? {
    if replay != nil { return "a replay cannot change the run" }
    switch (phase, connection) {
    case (.closed, _):
      if restartsEngine { return nil }
      return run.counts.needingAttention > 0
        ? "the run is closed: a retry reopens it" : "the run is closed"
    case (_, .live) where lacksEngine:
      return restartsEngine ? nil : "the engine died: `resume` or a retry restarts it"
    case (_, .lost) where lacksEngine: return "the engine died: `resume` restarts it"
    case (_, .lost): return "Redis does not answer: try again when it is back"
    default: return nil
    }
  }

  // MARK: The run

  private func objection(to action: RunAction) -> String? {
    if let closedObjection = closedObjection() { return closedObjection }
    switch (action, phase) {
    case (.close, .live): return "the run is still running: `stop` ends it"
    case (.stop, .open): return "the run has ended: nothing to stop"
    case (.pause, .open): return "the run has ended: nothing to pause"
    case (.moreSlots, _) where slotCount >= ExecutorOrder.chosenSlots.upperBound:
      return "\(slotCount) slots is the maximum"
    case (.fewerSlots, _) where slotCount <= 1: return "one slot is the minimum"
    default: return nil
    }
  }

  /// How many jobs may run at a time.
  var slotCount: Int {
    run.slots ?? run.workers.reduce(0) { $1.isGone ? $0 : $0 + $1.slots }
  }
}

extension Model {
  /// The key of an action in the focused pane, for messages; `:name` if it has no key.
  func keyName(_ action: Action) -> String {
    let binding =
      keys.bindings(in: focus).first { $0.action == action }
      ?? keys.all.first { $0.action == action && !$0.keys.isEmpty }
    return binding?.keys.first?.name ?? ":\(action.name)"
  }

  /// The message for a key without meaning in the focused pane: in which panes it has one.
  func objection(to key: Key) -> String {
    let panes = Pane.built.filter { keys.hasOwn(key, in: $0) }
    guard let first = panes.first else { return "\(keyName(.shell(.help))) lists the keys" }
    let names = panes.map(\.name).joined(separator: ", ")
    return "\(key.name) is a key of \(names): go there with \(keyName(.show(first)))"
  }
}
