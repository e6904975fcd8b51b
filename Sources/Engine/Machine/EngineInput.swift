public import JobProtocol
public import Workflow

/// An input of `RunMachine.handle(_:at:)`. The first event of a turn says what its input was, so
/// inputs can be restored from the journal.
public enum EngineInput: Sendable, Equatable {
  /// The start: initial signals are sent, source processes fire.
  case start(RunInfo)
  /// Fires more tasks after the previous input has reached its limit
  /// (`RunMachine.mayProceed`).
  case proceed
  /// An engine drives the run from now on; reopens a closed run.
  case engineStarted(EngineInfo)
  /// A signal from outside.
  case signal(SignalID, PortValue)
  case jobAccepted(AttemptID, nativeID: String)
  case jobPending(AttemptID, reason: String)
  case jobTaken(AttemptID, ExecutorIdentity)
  case jobStarted(AttemptID, ExecutorIdentity, pid: Int)
  /// An attempt ended. `outputs` are those of an in-engine function, one for each data
  /// output; `nil` means outputs without data, as for jobs.
  case finished(AttemptID, JobOutcome, JobUsage, outputs: [PortValue]?)
  /// Many attempts that were being cancelled have ended; no executor had them.
  case cancelled(AttemptList)
  /// A job that was being withdrawn is out of the queue.
  case withdrawn(AttemptID)
  /// A process without inputs may fire again.
  case intervalPassed(ProcessID)
  /// A scheduled attempt is due.
  case retryDue(AttemptID)
  case retry(FiringID, JobEdit?, RetryScope)
  case skip(FiringID)
  case cancel(FiringID)
  case hold(FiringID)
  case release(FiringID)
  case holdProcess(ProcessID)
  case releaseProcess(ProcessID)
  case pause
  case `continue`
  case failFast(Bool)
  case slots(Int)
  /// A function ends the run: running jobs finish, nothing more fires.
  case finish
  /// Cancels all jobs; nothing more fires.
  case stop
  case workerJoined(ExecutorIdentity, slots: Int)
  case workerGone(name: String, reason: String)
  case allocationChanged(Allocation)
  /// The engine ends.
  case close
}

extension EngineInput {
  /// The input of a turn that begins with this event; `nil` for events that never begin a turn.
  init?(_ first: RunEvent.Change) {
    switch first {
    case .runStarted(let info): self = .start(info)
    case .taskFired: self = .proceed
    case .engineStarted(let info): self = .engineStarted(info)
    case .signalSent(let signal, let value, nil): self = .signal(signal, value)
    case .jobAccepted(let attempt, let nativeID):
      self = .jobAccepted(attempt, nativeID: nativeID)
    case .jobPending(let attempt, let reason): self = .jobPending(attempt, reason: reason)
    case .jobTaken(let attempt, let executor): self = .jobTaken(attempt, executor)
    case .jobStarted(let attempt, let executor, let pid):
      self = .jobStarted(attempt, executor, pid: pid)
    case .jobFinished(let attempt, let outcome, let usage, let outputs):
      self = .finished(attempt, outcome, usage, outputs: outputs)
    case .jobsCancelled(let attempts): self = .cancelled(attempts)
    case .jobWithdrawn(let attempt): self = .withdrawn(attempt)
    case .attemptMade(let attempt, .policy, _): self = .retryDue(attempt)
    case .attemptMade(let attempt, .user, let edit):
      self = .retry(attempt.firing, edit, .alone)
    case .attemptMade(let attempt, .userDownstream, let edit):
      self = .retry(attempt.firing, edit, .downstream)
    case .cancelRequested(let attempt): self = .cancel(attempt.firing)
    case .taskSkipped(let firing): self = .skip(firing)
    case .taskHeld(let firing): self = .hold(firing)
    case .taskReleased(let firing): self = .release(firing)
    default:
      guard let other = Self.runInput(first) else { return nil }
      self = other
    }
  }

  private static func runInput(_ first: RunEvent.Change) -> EngineInput? {
    switch first {
    case .intervalPassed(let process): .intervalPassed(process)
    case .processHeld(let process): .holdProcess(process)
    case .processReleased(let process): .releaseProcess(process)
    case .paused: .pause
    case .continued: .continue
    case .slotsChanged(let count): .slots(count)
    case .failFastChanged(let on): .failFast(on)
    case .finishRequested: .finish
    case .stopRequested: .stop
    case .workerJoined(let executor, let slots): .workerJoined(executor, slots: slots)
    case .workerGone(let name, let reason): .workerGone(name: name, reason: reason)
    case .allocationChanged(let allocation): .allocationChanged(allocation)
    case .runFinished: .close
    default: nil
    }
  }
}
