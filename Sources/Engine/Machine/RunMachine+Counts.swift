import Workflow

extension RunMachine {
  /// How many tasks are in each state: the same figures as in a `RunState` that has folded the
  /// run's events. They are computed each time, so that an engine needs no second store of tasks.
  public var counts: TaskCounts {
    var counts = TaskCounts()
    tasks.visit { firing, task in counts[state(of: task, firing)] += 1 }
    if !hasSucceeded { for process in processes { counts[.waiting] += process.waitingCount } }
    return counts
  }

  private func state(of task: TaskTable.Entry, _ firing: FiringID) -> TaskState {
    switch task.machine.state {
    case .pending: heldTasks.contains(firing) ? .held : .ready
    case .active, .cancelling:
      switch task.machine.progress {
      // Functions in the engine are never submitted.
      case .submitted where !isJob[firing.process.index]: .ready
      case .submitted: queuesAtOnce ? .queued : .submitted
      case .queued: .queued
      case .taken: .starting
      case .started: .running
      }
    case .scheduled: .retrying
    case .reset: .waiting
    case .failed, .done: task.ending
    }
  }
}

extension ProcessMachine {
  /// Tasks that have not fired, as far as can be known: up to the limit, else the first one.
  fileprivate var waitingCount: Int { max(0, (definition.effectiveFiringLimit ?? 1) - firedCount) }
}
