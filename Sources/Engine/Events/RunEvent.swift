public import JobProtocol
public import Workflow

/// Something that happened in a run. The journal is the list of a run's events; `RunState` is a
/// fold over them, and every view of a run shows that.
public struct RunEvent: Sendable, Equatable {
  /// Milliseconds since 1970, on the engine's clock.
  public let time: Int
  public let change: Change

  public init(time: Int, _ change: Change) {
    self.time = time
    self.change = change
  }

  public enum Change: Sendable, Equatable {
    case runStarted(RunInfo)
    /// Instances of a signal came into being, from a firing or (`nil`) from outside.
    case signalSent(SignalID, PortValue, source: FiringID?)
    /// A process took its inputs. `consumed` names the inputs of which it took another number of
    /// instances than 1.
    case taskFired(FiringID, consumed: [SignalID: Int])
    /// An attempt was handed to the job invoker.
    case jobSubmitted(AttemptID)
    /// The infrastructure has the job, under a name of its own.
    case jobAccepted(AttemptID, nativeID: String)
    /// Why the infrastructure does not run the job yet, in its words.
    case jobPending(AttemptID, reason: String)
    case jobTaken(AttemptID, ExecutorIdentity)
    case jobStarted(AttemptID, ExecutorIdentity, pid: Int)
    /// An attempt ended. `outputs` are a function's; a job's are all bare.
    case jobFinished(AttemptID, JobOutcome, JobUsage, outputs: [PortValue]?)
    case cancelRequested(AttemptID)
    /// The same of many attempts at once.
    case cancelsRequested(AttemptList)
    /// Many attempts ended as cancelled: no executor had them.
    case jobsCancelled(AttemptList)
    case taskSkipped(FiringID)
    /// An attempt after the first comes into being; where it is a job, `jobSubmitted` follows once
    /// nothing keeps it back. The edit is what the attempt runs with, also one made earlier.
    case attemptMade(AttemptID, AttemptReason, JobEdit?)
    /// The retry policy makes this attempt at a time, in milliseconds since 1970.
    case retryScheduled(AttemptID, dueAt: Int)
    /// A job that no executor had was taken out of the queue again, for its task is held.
    case jobWithdrawn(AttemptID)
    /// It has run with outputs that are made anew: it runs again after those.
    case taskReset(FiringID)
    case taskHeld(FiringID)
    case taskReleased(FiringID)
    case processHeld(ProcessID)
    case processReleased(ProcessID)
    /// No new jobs.
    case paused
    case continued
    case slotsChanged(Int)
    case failFastChanged(Bool)
    /// A source process may fire again.
    case intervalPassed(ProcessID)
    /// A function said that the run is over.
    case finishRequested
    /// A person or a signal wants the run ended.
    case stopRequested
    /// An engine drives the run from here on.
    case engineStarted(EngineInfo)
    case workerJoined(ExecutorIdentity, slots: Int)
    case workerGone(name: String, reason: String)
    /// Something worth knowing that changes no state, e.g. a late report that was ignored.
    case notice(String)
    /// Nothing more can happen by itself. A retry makes the run go on.
    case runSettled(RunStatus, blocked: [BlockedProcess])
    /// The engine ended; the last event.
    case runFinished(RunStatus)
  }
}

/// What a run is, as its first event tells.
public struct RunInfo: Sendable, Equatable {
  public var run: String
  public var name: String
  /// Where the jobs run.
  public var directory: String
  public var invoker: String

  public init(run: String, name: String, directory: String, invoker: String) {
    self.run = run
    self.name = name
    self.directory = directory
    self.invoker = invoker
  }
}

public enum RunStatus: String, Sendable, CaseIterable {
  case running
  case succeeded
  /// A task failed or was cancelled, and was not retried or skipped.
  case failed
  /// Nothing failed, but a process lacks signals that will not come.
  case blocked
  /// A person stopped the run, or its engine was told to end.
  case cancelled
}

/// A process that could not fire (again), with what it lacks.
public struct BlockedProcess: Sendable, Equatable {
  public struct Lack: Sendable, Equatable {
    public let signal: SignalID
    public let have: Int
    public let need: Int

    public init(signal: SignalID, have: Int, need: Int) {
      self.signal = signal
      self.have = have
      self.need = need
    }
  }

  public let process: ProcessID
  public let lacks: [Lack]

  public init(process: ProcessID, lacks: [Lack]) {
    self.process = process
    self.lacks = lacks
  }
}
