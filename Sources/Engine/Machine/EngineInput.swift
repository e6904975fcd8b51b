public import JobProtocol
public import Workflow

/// What can happen to a run. Each goes into `RunMachine.handle(_:at:)` in the order of the journal.
public enum EngineInput: Sendable, Equatable {
  /// The beginning: initial signals are sent, source processes fire.
  case start(RunInfo)
  /// A signal from outside.
  case signal(SignalID, PortValue)
  case jobTaken(AttemptID, ExecutorIdentity)
  case jobStarted(AttemptID, ExecutorIdentity, pid: Int)
  /// An attempt ended. `outputs` are those of an in-engine function, one for each data output;
  /// `nil` makes all outputs bare, as jobs do.
  case finished(AttemptID, JobOutcome, JobUsage, outputs: [PortValue]?)
  /// A process without inputs may fire again.
  case intervalPassed(ProcessID)
  case retry([FiringID])
  case retryAllFailed
  case skip([FiringID])
  case cancel([FiringID])
  /// A function says that the run is over: what runs may end, nothing more fires.
  case finish
  /// Cancels everything that runs and fires nothing more.
  case stop
  case workerJoined(ExecutorIdentity, slots: Int)
  case workerGone(name: String, reason: String)
  /// The engine ends.
  case close
}

/// What a run wants done. The runner carries it out after the events of the same turn are
/// journalled.
public enum EngineCommand: Sendable, Equatable {
  /// Make a job for this attempt, or call its function in the engine.
  case execute(Work)
  /// Stop the job; its end is reported like any other.
  case cancel(AttemptID)
  /// Hand in `intervalPassed` after so many milliseconds.
  case wait(ProcessID, milliseconds: Int)
}

/// One attempt to be executed.
public struct Work: Sendable, Equatable {
  public let attempt: AttemptID
  /// Data inputs in ascending signal id, as functions see them; control signals are left out.
  public let inputs: [ConsumedInput]

  public init(attempt: AttemptID, inputs: [ConsumedInput]) {
    self.attempt = attempt
    self.inputs = inputs
  }
}

/// What one input led to: events to be journalled, then commands to be carried out.
public struct Turn: Sendable, Equatable {
  public var events: [RunEvent] = []
  public var commands: [EngineCommand] = []

  public init() {}

  public var isEmpty: Bool { events.isEmpty && commands.isEmpty }
}
