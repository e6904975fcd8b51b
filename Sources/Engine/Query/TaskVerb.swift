public import Workflow

/// An action on tasks, by keys and commands.
public enum TaskVerb: String, Sendable, CaseIterable {
  case retry, edit, skip, cancel, hold, release

  /// The states to which the verb applies, for the message when it is not possible.
  public var applicableTasks: String {
    switch self {
    case .retry, .edit: "ended or scheduled"
    case .skip: "failed"
    case .cancel: "running or waiting"
    case .hold: "waiting"
    case .release: "held"
    }
  }

  /// `retried`, `skipped`, …
  public var participle: String {
    switch self {
    case .retry: "retried"
    case .edit: "edited and retried"
    case .skip: "skipped"
    case .cancel: "cancelled"
    case .hold: "held"
    case .release: "released"
    }
  }
}

extension RunState {
  /// Whether the engine would carry out the verb for a task. A task that has not fired can be held
  /// and released.
  public func accepts(_ verb: TaskVerb, _ firing: FiringID) -> Bool {
    guard workflow.processes.indices.contains(firing.process.index) else { return false }
    let state = task(firing)?.state
    switch verb {
    case .retry: return state.map { $0.isOver || $0 == .retrying } ?? false
    case .edit: return accepts(.retry, firing) && command(of: firing) != nil
    case .skip:
      guard let state else { return false }
      return state.needsAttention || state == .retrying || state == .waiting
    case .cancel:
      switch state {
      case .held, .ready, .submitted, .queued, .starting, .running, .retrying: return true
      case .waiting, .succeeded, .failed, .lost, .skipped, .cancelled, nil: return false
      }
    case .hold:
      if heldTasks.contains(firing) { return false }
      switch state {
      case nil, .waiting, .ready, .submitted, .queued, .retrying: return true
      case .held, .starting, .running, .succeeded, .failed, .lost, .skipped, .cancelled:
        return false
      }
    case .release: return heldTasks.contains(firing)
    }
  }

  /// The number of tasks of a process: those that have fired, and those that can fire.
  public func taskCount(of process: ProcessID) -> Int {
    guard processes.indices.contains(process.index) else { return 0 }
    return processes[process.index].tasks.count + processes[process.index].waiting
  }

  /// Whether there is such a task.
  public func hasTask(_ firing: FiringID) -> Bool {
    firing.number >= 1 && firing.number <= taskCount(of: firing.process)
  }
}
