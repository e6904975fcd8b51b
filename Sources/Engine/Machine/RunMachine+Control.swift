import JobProtocol
import Workflow

/// Requests of users.
extension RunMachine {
  mutating func retry(_ firing: FiringID, _ edit: JobEdit?, _ scope: RetryScope) {
    guard tasks.contains(firing), halt != .stopped else { return }
    let wasScheduled = tasks[firing].machine.isScheduled
    let wasDone = tasks[firing].machine.isDone
    guard case .make(let number) = tasks[firing].machine.retry() else { return }
    if wasDone {
      processes[firing.process.index].reopen(wasRunning: false)
    } else if wasScheduled {
      scheduledCount -= 1
    } else {
      failedCount -= 1
    }
    if let edit { tasks[firing].edit = edit.isEmpty ? nil : edit }
    make(AttemptID(firing, number), scope == .alone ? .user : .userDownstream)
    resumeAfterHalt()
    if scope == .downstream { resetDownstream(of: firing) }
    // A retry releases a held task.
    if heldTasks.remove(firing) != nil { emit(.taskReleased(firing)) }
    submit(firing)
  }

  /// A retry ends the fail-fast stop of the run.
  private mutating func resumeAfterHalt() {
    guard halt != nil, halt != .stopped else { return }
    halt = nil
    markAll()
  }

  mutating func skip(_ firing: FiringID) {
    guard tasks.contains(firing), halt != .stopped else { return }
    let wasScheduled = tasks[firing].machine.isScheduled
    let wasReset = tasks[firing].machine.isReset
    guard tasks[firing].machine.skip() == .skip else { return }
    if wasScheduled {
      scheduledCount -= 1
    } else if !wasReset {
      failedCount -= 1
    }
    reruns.remove(firing)
    tasks[firing].dueAt = nil
    tasks[firing].ending = .skipped
    phase = .running
    processes[firing.process.index].undoFailure()
    emit(.taskSkipped(firing))
    resumeAfterHalt()
    if !tasks[firing].hasEmitted { succeeded(nil, firing) }
    releaseReruns(waitingFor: firing)
    finishIfOver(firing.process)
  }

  mutating func cancel(_ firing: FiringID) {
    guard tasks.contains(firing) else { return }
    cancelNow(firing)
  }

  mutating func cancelNow(_ firing: FiringID) {
    switch tasks[firing].machine.cancel() {
    case .cancel(let number):
      let attempt = AttemptID(firing, number)
      emit(.cancelRequested(attempt))
      turn.commands.append(.cancel(attempt))
    case .end(let number):
      let attempt = AttemptID(firing, number)
      emit(.cancelRequested(attempt))
      tasks[firing].ending = .cancelled
      emit(.jobFinished(attempt, .failed(.cancelled), JobUsage(), outputs: nil))
      release(firing.process, failed: true)
      failedCount += 1
    case .unschedule(let number):
      scheduledCount -= 1
      failedCount += 1
      tasks[firing].dueAt = nil
      emit(.cancelRequested(AttemptID(firing, number)))
    case .refuse: break
    }
  }

  /// Cancels many tasks, in at most two events.
  mutating func cancelAtOnce(_ firings: [FiringID]) {
    var asked: [AttemptID] = []
    var over: [AttemptID] = []
    for firing in firings {
      switch tasks[firing].machine.cancel() {
      case .cancel(let number):
        asked.append(AttemptID(firing, number))
        turn.commands.append(.cancel(AttemptID(firing, number)))
      case .end(let number):
        asked.append(AttemptID(firing, number))
        over.append(AttemptID(firing, number))
        tasks[firing].ending = .cancelled
        release(firing.process, failed: true)
        failedCount += 1
      case .unschedule(let number):
        asked.append(AttemptID(firing, number))
        scheduledCount -= 1
        failedCount += 1
        tasks[firing].dueAt = nil
      case .refuse: break
      }
    }
    if !asked.isEmpty { emit(.cancelsRequested(AttemptList(asked))) }
    if !over.isEmpty { emit(.jobsCancelled(AttemptList(over))) }
  }

  // MARK: Holding

  mutating func hold(_ firing: FiringID) {
    guard processes.indices.contains(firing.process.index), firing.number >= 1,
      !heldTasks.contains(firing)
    else { return }
    if tasks.contains(firing) {
      let machine = tasks[firing].machine
      switch machine.state {
      case .pending, .scheduled, .reset: break
      case .active where !machine.isTaken && isJob[firing.process.index]:
        turn.commands.append(.withdraw(AttemptID(firing, machine.attempt)))
      case .active, .cancelling, .failed, .done: return
      }
    }
    heldTasks.insert(firing)
    emit(.taskHeld(firing))
  }

  mutating func withdrawn(_ attempt: AttemptID) {
    guard tasks.contains(attempt.firing),
      tasks[attempt.firing].machine.withdrawn(attempt: attempt.number)
    else { return }
    emit(.jobWithdrawn(attempt))
    // A released firing waits behind those that have waited longer.
    freeParlevelSlot(of: attempt.firing.process)
    submit(attempt.firing)
  }

  mutating func release(_ firing: FiringID) {
    guard heldTasks.remove(firing) != nil else { return }
    emit(.taskReleased(firing))
    if tasks.contains(firing) { submit(firing) }
  }

  mutating func hold(_ process: ProcessID) {
    guard processes.indices.contains(process.index), heldProcesses.insert(process).inserted else {
      return
    }
    emit(.processHeld(process))
  }

  mutating func release(_ process: ProcessID) {
    guard heldProcesses.remove(process) != nil else { return }
    emit(.processReleased(process))
    marked.insert(process)
  }

  // MARK: The run

  mutating func pause() {
    guard !isPaused, phase != .new else { return }
    isPaused = true
    emit(.paused)
    turn.commands.append(.pause(true))
  }

  /// Ends a pause, a fail-fast stop or a stop by a user.
  mutating func continueRun() {
    guard isPaused || halt == .failedFast || halt == .interrupted else { return }
    emit(.continued)
    if isPaused { turn.commands.append(.pause(false)) }
    isPaused = false
    resumeAfterHalt()
    waitingForParlevel = [:]
    for firing in tasks.firings(where: \.machine.isPending) { submit(firing) }
    markAll()
  }

  mutating func setFailFast(_ on: Bool) {
    guard failsFast != on else { return }
    failsFast = on
    emit(.failFastChanged(on))
  }

  mutating func setSlots(_ count: Int) {
    guard count >= 1, slots != count else { return }
    slots = count
    emit(.slotsChanged(count))
    turn.commands.append(.setSlots(count))
  }
}
