import JobProtocol
import Workflow

/// Events of users, retries and take-overs.
extension RunState {
  mutating func applyControl(_ event: RunEvent) {
    switch event.change {
    case .attemptMade(let attempt, let reason, let edit):
      attemptMade(attempt, reason, edit, at: event.time)
    case .retryScheduled(let attempt, let dueAt): retryScheduled(attempt, dueAt)
    case .jobWithdrawn(let attempt):
      guard isCurrent(attempt) else { return }
      update(attempt) { $0.submittedAt = nil }
      move(attempt.firing, to: .held)
    case .taskReset(let firing):
      unsettle()
      change(firing) { $0.retryDueAt = nil }
      move(firing, to: .waiting)
    case .taskHeld(let firing): hold(firing)
    case .taskReleased(let firing): release(firing)
    case .processHeld(let process): if known(process) != nil { heldProcesses.insert(process) }
    case .processReleased(let process): heldProcesses.remove(process)
    case .stopRequested: isStopping = true
    case .paused: isPaused = true
    case .continued: isPaused = false
    case .slotsChanged(let count): slots = count
    case .failFastChanged(let on): failsFast = on
    case .engineStarted(let info):
      engine = info
      isFinished = false
    default: break
    }
  }

  private mutating func attemptMade(
    _ attempt: AttemptID, _ reason: AttemptReason, _ edit: JobEdit?, at time: Int
  ) {
    guard let task = task(attempt.firing), attempt.number > (task.lastAttempt?.number ?? 0)
    else { return }
    unsettle()
    change(attempt.firing) { $0.retryDueAt = nil }
    update(attempt) {
      $0.madeAt = time
      $0.reason = reason
      $0.edit = edit
    }
    move(attempt.firing, to: task.isHeld ? .held : .ready)
  }

  private mutating func retryScheduled(_ attempt: AttemptID, _ dueAt: Int) {
    guard task(attempt.firing) != nil else { return }
    unsettle()
    change(attempt.firing) { $0.retryDueAt = dueAt }
    move(attempt.firing, to: .retrying)
  }

  private mutating func hold(_ firing: FiringID) {
    guard known(firing.process) != nil, firing.number >= 1 else { return }
    heldTasks.insert(firing)
    guard let task = task(firing) else { return }
    change(firing) { $0.isHeld = true }
    if task.state == .ready { move(firing, to: .held) }
  }

  private mutating func release(_ firing: FiringID) {
    heldTasks.remove(firing)
    guard let task = task(firing) else { return }
    change(firing) { $0.isHeld = false }
    if task.state == .held { move(firing, to: .ready) }
  }

  private mutating func change(_ firing: FiringID, _ body: (inout TaskRecord) -> Void) {
    guard task(firing) != nil else { return }
    body(&processes[firing.process.index].tasks[firing.number - 1])
  }
}

extension RunState {
  /// The jobs' directory was moved since the run started.
  public mutating func runsJobs(in directory: String) { info?.directory = directory }
}

extension RunState {
  /// Whether `continue` has an effect: the run is paused, or a failure or a user has stopped
  /// it.
  public var canContinue: Bool { isPaused || settledAt != nil && status != .succeeded }
}
