import JobProtocol
import Workflow

/// Reports of executors, and what follows from a failure.
extension RunMachine {
  /// Submits a task's pending attempt, unless something keeps it back.
  mutating func submit(_ firing: FiringID) {
    guard !isPaused, !heldTasks.contains(firing) else { return }
    guard processes[firing.process.index].maySubmit else {
      if tasks[firing].machine.isPending {
        waitingForParlevel[firing.process, default: FiringQueue()].append(firing)
      }
      return
    }
    guard let number = tasks[firing].machine.submit() else { return }
    processes[firing.process.index].submit()
    let attempt = AttemptID(firing, number)
    if isJob[firing.process.index] { emit(.jobSubmitted(attempt)) }
    turn.commands.append(.execute(work(of: attempt)))
  }

  /// An attempt has ended or was taken back: submits the next ones that wait for the limit.
  mutating func freeParlevelSlot(of process: ProcessID) {
    processes[process.index].attemptEnded()
    guard !isPaused else { return }
    while processes[process.index].maySubmit, let next = waitingForParlevel[process]?.popFirst() {
      submit(next)
    }
  }

  mutating func jobAccepted(_ attempt: AttemptID, _ nativeID: String) {
    guard isActive(attempt), !tasks[attempt.firing].machine.isPending else { return }
    // An executor's report may arrive before the infrastructure's answer. The answer's id is
    // recorded anyway.
    if mayBeQueued(attempt) {
      _ = tasks[attempt.firing].machine.progressed(attempt: attempt.number, to: .queued)
    }
    emit(.jobAccepted(attempt, nativeID: nativeID))
  }

  /// Whether the infrastructure has the job but no executor has taken it.
  func mayBeQueued(_ attempt: AttemptID) -> Bool {
    isActive(attempt) && !tasks[attempt.firing].machine.isTaken
      && !tasks[attempt.firing].machine.isPending
  }

  public func work(of attempt: AttemptID) -> Work {
    let task = tasks[attempt.firing]
    let growth =
      task.failures == FailureCounts()
      ? .one : retryRule(of: attempt.firing.process).growth(after: task.failures)
    return Work(attempt: attempt, inputs: task.inputs, edit: task.edit, growth: growth)
  }

  mutating func jobTaken(_ attempt: AttemptID, by executor: ExecutorIdentity) {
    switch progressed(attempt, to: .taken) {
    case .note: emit(.jobTaken(attempt, executor))
    case .pass: break
    case .ignore: noticeLateReport("taken", attempt)
    }
  }

  mutating func jobStarted(_ attempt: AttemptID, by executor: ExecutorIdentity, _ pid: Int) {
    switch progressed(attempt, to: .started) {
    case .note: emit(.jobStarted(attempt, executor, pid: pid))
    case .pass: break
    case .ignore: noticeLateReport("started", attempt)
    }
  }

  private mutating func progressed(
    _ attempt: AttemptID, to step: TaskMachine.Progress
  ) -> TaskMachine.ProgressAction {
    guard tasks.contains(attempt.firing) else { return .ignore }
    return tasks[attempt.firing].machine.progressed(attempt: attempt.number, to: step)
  }

  mutating func finished(
    _ attempt: AttemptID, _ outcome: JobOutcome, _ usage: JobUsage, _ outputs: [PortValue]?
  ) {
    guard tasks.contains(attempt.firing) else { return noticeLateReport("finished", attempt) }
    let action = tasks[attempt.firing].machine.finished(
      attempt: attempt.number, succeeded: outcome == .succeeded)
    if action == .ignore { return noticeLateReport("finished", attempt) }
    emit(.jobFinished(attempt, outcome, usage, outputs: outputs))
    ended(attempt, outcome, outputs, action)
  }

  /// The attempts of an event about many.
  public func attempts(in list: AttemptList) -> [AttemptID] {
    list.attempts(processCount: processes.count) { tasks.count(of: $0) }
  }

  /// Ends many attempts as cancelled that no executor had.
  mutating func cancelled(_ list: AttemptList) {
    let attempts = attempts(in: list)
    var ends: [(attempt: AttemptID, action: TaskMachine.FinishAction)] = []
    for attempt in attempts {
      let action = tasks[attempt.firing].machine.finished(
        attempt: attempt.number, succeeded: false)
      if action != .ignore { ends.append((attempt, action)) }
    }
    guard !ends.isEmpty else { return }
    emit(.jobsCancelled(AttemptList(ends.lazy.map(\.attempt))))
    for end in ends { ended(end.attempt, .failed(.cancelled), nil, end.action) }
  }

  /// Handles the end of an attempt after its event.
  private mutating func ended(
    _ attempt: AttemptID, _ outcome: JobOutcome, _ outputs: [PortValue]?,
    _ action: TaskMachine.FinishAction
  ) {
    let firing = attempt.firing
    let hasFailed = action != .emit
    tasks[firing].ending = TaskState(after: outcome)
    release(firing.process, failed: hasFailed)
    freeParlevelSlot(of: firing.process)
    if tasks[firing].resetsAtEnd { return resetAtEnd(firing, failed: hasFailed) }
    switch action {
    case .emit: done(firing, outputs)
    case .fail: failed(attempt, outcome, isForGood: false)
    case .failForGood: failed(attempt, outcome, isForGood: true)
    case .ignore: break
    }
  }

  private mutating func done(_ firing: FiringID, _ outputs: [PortValue]?) {
    if tasks[firing].hasEmitted {
      revise(firing, outputs)
      finishIfOver(firing.process)
    } else {
      succeeded(outputs, firing)
      releaseReruns(waitingFor: firing)
    }
  }

  private mutating func failed(
    _ attempt: AttemptID, _ outcome: JobOutcome, isForGood: Bool
  ) {
    failedCount += 1
    guard case .failed(let cause) = outcome else { return }
    if !isForGood, scheduleRetry(attempt, cause) { return }
    if failsFast, halt == nil { failFast() }
  }

  /// Applies the retry policy. Returns whether there will be another attempt.
  private mutating func scheduleRetry(_ attempt: AttemptID, _ cause: FailureCause) -> Bool {
    let firing = attempt.firing
    let before = tasks[firing].failures
    tasks[firing].failures.add(cause)
    guard halt == nil else { return false }
    guard
      let seconds = retryRule(of: firing.process).delay(
        after: cause, attempt: attempt.number, before: before,
        chance: Jitter.chance(seed, attempt)),
      let next = tasks[firing].machine.schedule()
    else { return false }
    failedCount -= 1
    scheduledCount += 1
    let milliseconds = Int((seconds * 1000).rounded())
    let nextAttempt = AttemptID(firing, next)
    tasks[firing].dueAt = now + milliseconds
    emit(.retryScheduled(nextAttempt, dueAt: now + milliseconds))
    if milliseconds == 0 {
      retryDue(nextAttempt)
    } else {
      turn.commands.append(.schedule(nextAttempt, at: now + milliseconds))
    }
    return true
  }

  private func retryRule(of process: ProcessID) -> RetryRule {
    RetryRule(workflow[process], .init(retries: options.retries, delay: options.retryDelay))
  }

  mutating func retryDue(_ attempt: AttemptID) {
    guard tasks.contains(attempt.firing) else { return }
    switch tasks[attempt.firing].machine.due(attempt: attempt.number) {
    case .make:
      scheduledCount -= 1
      make(attempt, .policy)
      submit(attempt.firing)
    case .refuse: break
    }
  }

  /// Makes an attempt after the first.
  mutating func make(_ attempt: AttemptID, _ reason: AttemptReason) {
    tasks[attempt.firing].dueAt = nil
    activeCount += 1
    phase = .running
    processes[attempt.firing.process.index].restartFailed()
    emit(.attemptMade(attempt, reason, tasks[attempt.firing].edit))
    let growth = work(of: attempt).growth
    if growth != .one { emit(.notice("\(attempt) asks for \(growth.text)")) }
  }

  /// Cancels running jobs; the run still ends as failed, because of the failure.
  private mutating func failFast() {
    emit(.notice("stopping at the first failure, as --fail-fast asks"))
    halt = .failedFast
    cancelEverything()
  }

  mutating func noticeLateReport(_ kind: String, _ attempt: AttemptID) {
    emit(.notice("ignored a late report (\(kind)) of \(attempt), which was given up"))
  }
}
