public import JobProtocol
public import Workflow

/// What a run wants done. The runner carries it out after the events of the same turn are
/// journalled.
public enum EngineCommand: Sendable, Equatable {
  /// Make a job for this attempt, or call its function in the engine.
  case execute(Work)
  /// Stop the job; its end is reported like any other.
  case cancel(AttemptID)
  /// Take the job out of the queue if no executor has it: hand in `withdrawn`, else `release`.
  case withdraw(AttemptID)
  /// Hand in `intervalPassed` at a time.
  case wait(ProcessID, until: Int)
  /// Hand in `retryDue` at a time.
  case schedule(AttemptID, at: Int)
  /// Let executors take no more jobs, or let them go on.
  case pause(Bool)
  case setSlots(Int)
}

/// One attempt to be executed.
public struct Work: Sendable, Equatable {
  public let attempt: AttemptID
  /// Data inputs in ascending signal id, as functions see them; control signals are left out.
  public let inputs: [ConsumedInput]
  /// What a person changed about it.
  public let edit: JobEdit?

  public init(attempt: AttemptID, inputs: [ConsumedInput], edit: JobEdit? = nil) {
    self.attempt = attempt
    self.inputs = inputs
    self.edit = edit
  }
}

/// What one input led to: events to be journalled, then commands to be carried out.
public struct Turn: Sendable, Equatable {
  public var events: [RunEvent] = []
  public var commands: [EngineCommand] = []

  public init() {}

  public var isEmpty: Bool { events.isEmpty && commands.isEmpty }
}
