public import JobProtocol
public import Workflow

/// The unfinished work of a run, for an engine that takes it over.
public struct OutstandingWork: Sendable, Equatable {
  public struct Attempt: Sendable, Equatable {
    public let work: Work
    public let isJob: Bool
    /// Whether an executor has reported that it has the job.
    public let isTaken: Bool
    public let isCancelling: Bool
    /// Whether it was being taken back out of the queue.
    public let isHeld: Bool
  }

  /// Times are milliseconds since 1970.
  public struct Retry: Sendable, Equatable {
    public let attempt: AttemptID
    public let dueAt: Int
  }

  public struct Interval: Sendable, Equatable {
    public let process: ProcessID
    public let dueAt: Int
  }

  public var attempts: [Attempt] = []
  public var retries: [Retry] = []
  public var intervals: [Interval] = []
}

extension RunMachine {
  public var outstanding: OutstandingWork {
    var outstanding = OutstandingWork()
    for firing in tasks.firings(where: { $0.machine.isActive || $0.machine.isScheduled }) {
      let task = tasks[firing]
      let attempt = AttemptID(firing, task.machine.attempt)
      switch task.machine.state {
      case .active, .cancelling:
        outstanding.attempts.append(
          OutstandingWork.Attempt(
            work: work(of: attempt), isJob: isJob[firing.process.index],
            isTaken: task.machine.isTaken,
            isCancelling: task.machine.state == .cancelling(attempt: attempt.number),
            isHeld: heldTasks.contains(firing)))
      case .scheduled(let number):
        outstanding.retries.append(
          OutstandingWork.Retry(attempt: AttemptID(firing, number + 1), dueAt: task.dueAt ?? now))
      case .pending, .failed, .reset, .done: break
      }
    }
    outstanding.intervals = intervals.sorted { $0.key.number < $1.key.number }
      .map { OutstandingWork.Interval(process: $0.key, dueAt: $0.value) }
    return outstanding
  }

  /// The tasks of `retryAllFailed`, in order.
  public var failedFirings: [FiringID] { tasks.firings(where: \.machine.isFailed) }

  /// The user's edit of a task's current attempt.
  public func edit(of firing: FiringID) -> JobEdit? {
    tasks.contains(firing) ? tasks[firing].edit : nil
  }

  /// Whether the attempt is being cancelled.
  public func isCancelling(_ attempt: AttemptID) -> Bool {
    tasks.contains(attempt.firing)
      && tasks[attempt.firing].machine.state == .cancelling(attempt: attempt.number)
  }

  public func isActive(_ attempt: AttemptID) -> Bool {
    guard tasks.contains(attempt.firing) else { return false }
    let machine = tasks[attempt.firing].machine
    return machine.isActive && machine.attempt == attempt.number
  }
}
