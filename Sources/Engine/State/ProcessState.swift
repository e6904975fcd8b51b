public import Workflow

/// What is known of one process.
public struct ProcessState: Sendable {
  public let id: ProcessID
  /// By firing, in order: `tasks[0]` is firing 1.
  public internal(set) var tasks = TaskList()
  /// Instances that wait at each input, in the order of the process's inputs.
  public internal(set) var queued: [Int]
  /// How many tasks it will have, as far as can be known: its `firingLimit`, else what has fired
  /// and at least one.
  public internal(set) var expected: Int

  init(_ process: Workflow.Process) {
    id = process.id
    queued = Array(repeating: 0, count: process.inputs.count)
    expected = process.effectiveFiringLimit ?? 1
  }

  /// Tasks that have not fired yet.
  public var waiting: Int { max(0, expected - tasks.count) }
}

/// Figures of one stage: the processes of one name and level.
public struct StageState: Sendable {
  public internal(set) var counts = TaskCounts()
  /// Sum of the run times of its succeeded jobs, and their number.
  public internal(set) var totalMilliseconds = 0
  public internal(set) var timedJobs = 0

  /// How long a job of the stage takes, on average.
  public var meanMilliseconds: Int? { timedJobs == 0 ? nil : totalMilliseconds / timedJobs }
}

public struct WorkerState: Sendable, Equatable {
  public let name: String
  public let host: String
  public let slots: Int
  /// Jobs that it has taken and not ended.
  public internal(set) var busy = 0
  public internal(set) var isGone = false
}
