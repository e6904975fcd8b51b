import Engine
import JobProtocol
import Posix
import Redis
import Runs
import Workflow

/// Continues a run where its journal ends.
///
/// Finished jobs are in the journal, and later reports are read from the reports stream before
/// anything else, so no finished job runs again. Running jobs are adopted. In-engine functions that
/// had not finished ended with the former engine, so they are called again.
extension RunEngine {
  func resume(_ takeOver: RunTakeOver) async throws(RunnerError) {
    if !takeOver.missingEvents.isEmpty {
      try await journal.commit(takeOver.missingEvents)
      observer.committed(takeOver.missingEvents)
    }
    let takeOvers = (takeOver.state.engine?.takeOvers ?? 0) + 1
    inputs.append(.engineStarted(Self.identity(takeOvers: takeOvers)))
    if plan.resumesStopped, takeOver.state.status == .cancelled {
      inputs.append(.continue)
      for firing in takeOver.machine.failedFirings { inputs.append(.retry(firing, nil, .alone)) }
    }
    for worker in takeOver.state.workers where !worker.isGone {
      knownWorkers[worker.name] = 0
      host.after(milliseconds: 0, .heartbeat(worker: worker.name))
    }
    let outstanding = takeOver.outstanding
    try await adopt(outstanding, takeOver)
    await measureFormerLogs(of: takeOver.state)
    let now = Clock.steadyMilliseconds
    for retry in outstanding.retries {
      host.after(milliseconds: max(0, retry.dueAt - now), .retry(retry.attempt))
    }
    for interval in outstanding.intervals {
      host.after(
        milliseconds: max(0, interval.dueAt - now), .interval(process: interval.process.number))
    }
  }

  private func adopt(
    _ outstanding: OutstandingWork, _ takeOver: RunTakeOver
  ) async throws(RunnerError) {
    let now = Clock.wallMilliseconds
    var former: [FormerJob] = []
    var effects = TurnEffects()
    for attempt in outstanding.attempts {
      if plan.runsAsJob(attempt.work.attempt.firing.process) {
        former.append(
          FormerJob(
            job: messages.job(for: attempt.work, now: now), isTaken: attempt.isTaken,
            executor: takeOver.executor(of: attempt.work.attempt)))
        if attempt.isHeld { effects.withdrawals.append(attempt.work.attempt) }
        if attempt.isCancelling { effects.cancellations.append(attempt.work.attempt) }
      } else if attempt.isCancelling {
        inputs.append(
          .finished(attempt.work.attempt, .failed(.cancelled), JobUsage(), outputs: nil))
      } else {
        execute(attempt.work, &effects)
      }
    }
    // No job starts before the slots are set and the held and cancelled jobs are out of the queue.
    if let slots = machine.slots { invokers.setSlots(slots) }
    invokers.pause(true)
    invokers.adopt(former)
    try await commit(effects)
    await carryOut(effects)
    invokers.pause(machine.isPaused)
    for attempt in outstanding.attempts where attempt.isTaken {
      watchTime(of: attempt.work.attempt)
    }
  }
}
