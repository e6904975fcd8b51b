public import JobProtocol
public import Workflow

/// Something that happened in a run. The journal is the list of a run's events, `RunState` is
/// the fold over them, and every view shows `RunState`.
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
    /// Instances of a signal were sent, by a firing or (`nil`) from outside.
    case signalSent(SignalID, PortValue, source: FiringID?)
    /// A process consumed its inputs. `consumed` lists the inputs from which it consumed
    /// another number than 1.
    case taskFired(FiringID, consumed: [SignalID: Int])
    /// An attempt was passed to the job invoker.
    case jobSubmitted(AttemptID)
    /// The infrastructure has accepted the job and given it an id of its own.
    case jobAccepted(AttemptID, nativeID: String)
    /// Why the infrastructure does not run the job yet, in its words.
    case jobPending(AttemptID, reason: String)
    case jobTaken(AttemptID, ExecutorIdentity)
    case jobStarted(AttemptID, ExecutorIdentity, pid: Int)
    /// An attempt ended. `outputs` are a function's; a job's outputs have no data.
    case jobFinished(AttemptID, JobOutcome, JobUsage, outputs: [PortValue]?)
    case cancelRequested(AttemptID)
    /// The same for many attempts at once.
    case cancelsRequested(AttemptList)
    /// Many attempts ended as cancelled; no executor had them.
    case jobsCancelled(AttemptList)
    case taskSkipped(FiringID)
    /// An attempt after the first was made; if it is a job, `jobSubmitted` follows once
    /// nothing keeps it back. The edit is the one it runs with, possibly an earlier one.
    case attemptMade(AttemptID, AttemptReason, JobEdit?)
    /// The retry policy will make this attempt at a time, in milliseconds since 1970.
    case retryScheduled(AttemptID, dueAt: Int)
    /// A job that no executor had was taken back out of the queue, because its task is
    /// held.
    case jobWithdrawn(AttemptID)
    /// The task runs again after the upstream tasks that run again.
    case taskReset(FiringID)
    case taskHeld(FiringID)
    case taskReleased(FiringID)
    case processHeld(ProcessID)
    case processReleased(ProcessID)
    /// No new jobs start.
    case paused
    case continued
    case slotsChanged(Int)
    case failFastChanged(Bool)
    /// A source process may fire again.
    case intervalPassed(ProcessID)
    /// A function has ended the run.
    case finishRequested
    /// A user or a signal has stopped the run.
    case stopRequested
    /// An engine drives the run from now on.
    case engineStarted(EngineInfo)
    case workerJoined(ExecutorIdentity, slots: Int)
    case workerGone(name: String, reason: String)
    /// A place for a worker was requested, granted or taken back, or its reason for waiting has
    /// changed.
    case allocationChanged(Allocation)
    /// A remark that changes no state, for example about an ignored late report.
    case notice(String)
    /// Nothing can run any more. A retry continues the run.
    case runSettled(RunStatus, blocked: [BlockedProcess])
    /// The engine closed the run. The last event, unless another engine reopens the run.
    case runFinished(RunStatus)
  }
}

/// The description of a run, from its first event.
public struct RunInfo: Sendable, Equatable {
  public var run: String
  public var name: String
  /// The directory in which the jobs run.
  public var directory: String
  public var invoker: String
  /// Whether jobs only succeed, without running their programs (`HF_VAR_DRY_RUN`).
  public var isDryRun = false
  /// The workflow's directory, which has the run's files; `nil` if it is `directory`.
  public var workflowDirectory: String?
  /// Where executors keep outputs; `nil` for `logs-hf` in the directory of each job.
  public var logDirectory: String?

  public init(
    run: String, name: String, directory: String, invoker: String, isDryRun: Bool = false
  ) {
    self.isDryRun = isDryRun
    self.run = run
    self.name = name
    self.directory = directory
    self.invoker = invoker
  }

  /// The directory that finds the run.
  public var place: String { workflowDirectory ?? directory }
  /// Where executors on this host keep outputs.
  public var outputs: String { logDirectory ?? "\(directory)/logs-hf" }

  /// See `InvokerKind.queuesAtOnce`. Invokers that this version does not know accept jobs later.
  var queuesAtOnce: Bool { InvokerKind(rawValue: invoker)?.queuesAtOnce ?? false }
}

public enum RunStatus: String, Sendable, CaseIterable {
  case running
  case succeeded
  /// A task failed or was cancelled, and was neither retried nor skipped.
  case failed
  /// No task failed, but a process lacks signals that nobody sends.
  case blocked
  /// A user stopped the run, or its engine was told to end.
  case cancelled
}

/// A process that could not fire, with the missing signals.
public struct BlockedProcess: Sendable, Equatable {
  public struct MissingInput: Sendable, Equatable {
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
  public let missingInputs: [MissingInput]

  public init(process: ProcessID, missingInputs: [MissingInput]) {
    self.process = process
    self.missingInputs = missingInputs
  }
}

extension RunStatus {
  /// The word of lists, reports and summaries: `cancelled` is shown as stopped.
  public var word: String { self == .cancelled ? "stopped" : rawValue }
}

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

/// Why an attempt after the first was made.
public enum AttemptReason: String, Sendable, CaseIterable {
  /// The retry policy.
  case policy
  /// A user retried the task alone.
  case user = "person"
  /// A user retried the task and everything downstream.
  case userDownstream = "personDownstream"
  /// An upstream task has run again.
  case upstream
}

/// The engine process that drives a run.
public struct EngineInfo: Sendable, Equatable {
  public var host: String
  public var pid: Int
  /// How many engines the run has had before.
  public var takeOvers: Int

  public init(host: String, pid: Int, takeOvers: Int) {
    self.host = host
    self.pid = pid
    self.takeOvers = takeOvers
  }
}
