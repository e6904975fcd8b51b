public import Engine
public import JobProtocol
import Workflow

/// One row of the table of tasks.
public struct TaskFigures: Sendable {
  public let id: FiringID
  public let label: String
  /// The index in the report's stages.
  public let stage: Int
  public let state: TaskState
  /// The workflow's command on one line.
  public let command: String
  public let attempts: [AttemptFigures]
  /// Whether it is on the run's critical path.
  public let isOnPath: Bool

  init(_ record: TaskRecord, in run: RunState, isOnPath: Bool) {
    id = record.id
    label = run.label(record.id)
    let place = record.id.process.number - 1
    stage = run.graph.stageOf.indices.contains(place) ? run.graph.stageOf[place] : 0
    state = record.state
    command = run.workflow[record.id.process].summary
    attempts = record.attempts.map(AttemptFigures.init)
    self.isOnPath = isOnPath
  }

  public var last: AttemptFigures? { attempts.last }
  /// Attempts after the first.
  public var retryCount: Int { max(0, attempts.count - 1) }
}

/// One attempt of a task.
public struct AttemptFigures: Sendable {
  public let number: Int
  public let reason: AttemptReason?
  public let edit: JobEdit?
  public let outcome: JobOutcome?
  public let executor: ExecutorIdentity?
  public let times: AttemptTimes
  public let usage: JobUsage
  /// Milliseconds since 1970.
  public let madeAt: Int
  public let endedAt: Int?

  init(_ attempt: AttemptRecord) {
    number = attempt.number
    reason = attempt.reason
    edit = attempt.edit
    outcome = attempt.outcome
    executor = attempt.executor
    times = AttemptTimes(attempt)
    usage = attempt.usage
    madeAt = attempt.madeAt
    endedAt = attempt.endedAt
  }

  /// User and system time together.
  public var cpuMilliseconds: Int { usage.userMilliseconds + usage.systemMilliseconds }

  public var cause: FailureCause? {
    if case .failed(let cause)? = outcome { cause } else { nil }
  }

  /// The text that best explains a failure: the cause's detail, else the last line of output.
  public var outcomeText: String { cause?.detail ?? usage.lastLine }
}
