extension RunEvent.Change {
  /// The firing of the event, if it has one.
  public var firing: FiringID? {
    switch self {
    case .taskFired(let firing, _), .taskSkipped(let firing), .taskReset(let firing),
      .taskHeld(let firing), .taskReleased(let firing):
      firing
    case .jobSubmitted(let attempt), .jobAccepted(let attempt, _), .jobPending(let attempt, _),
      .jobTaken(let attempt, _), .jobStarted(let attempt, _, _),
      .jobFinished(let attempt, _, _, _), .cancelRequested(let attempt),
      .attemptMade(let attempt, _, _), .retryScheduled(let attempt, _), .jobWithdrawn(let attempt):
      attempt.firing
    case .signalSent(_, _, let source): source
    case .cancelsRequested, .jobsCancelled, .runStarted, .processHeld, .processReleased, .paused,
      .continued, .slotsChanged,
      .failFastChanged, .intervalPassed, .finishRequested, .stopRequested, .engineStarted,
      .workerJoined, .workerGone, .allocationChanged, .notice, .runSettled, .runFinished:
      nil
    }
  }
}
