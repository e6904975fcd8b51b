public import JobProtocol
public import Workflow

/// A command of the machine. The runner carries it out after the events of the same turn are in
/// the journal.
public enum MachineCommand: Sendable, Equatable {
  /// Submit a job for this attempt, or call its function in the engine.
  case execute(Work)
  /// Cancel the job; its end is reported like any other.
  case cancel(AttemptID)
  /// Take the job out of the queue if no executor has it: answer with `withdrawn`, else
  /// `release`.
  case withdraw(AttemptID)
  /// Pass `intervalPassed` to the machine at a time.
  case wait(ProcessID, until: Int)
  /// Pass `retryDue` to the machine at a time.
  case schedule(AttemptID, at: Int)
  /// Stop executors from taking jobs, or let them continue.
  case pause(Bool)
  case setSlots(Int)
}

/// One attempt to be executed.
public struct Work: Sendable, Equatable {
  public let attempt: AttemptID
  /// Data inputs in ascending signal id, as functions get them; without control signals.
  public let inputs: [ConsumedInput]
  /// A user's edit.
  public let edit: JobEdit?
  /// By how much its requests exceed those of the workflow.
  public let growth: ResourceGrowth

  public init(
    attempt: AttemptID, inputs: [ConsumedInput], edit: JobEdit? = nil,
    growth: ResourceGrowth = .one
  ) {
    self.growth = growth
    self.attempt = attempt
    self.inputs = inputs
    self.edit = edit
  }
}

/// The result of one input: events for the journal, then commands.
public struct Turn: Sendable, Equatable {
  public var events: [RunEvent] = []
  public var commands: [MachineCommand] = []

  public init() {}

  public var isEmpty: Bool { events.isEmpty && commands.isEmpty }
}
