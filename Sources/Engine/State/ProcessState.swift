public import Workflow

/// The state of one process.
public struct ProcessState: Sendable {
  public let id: ProcessID
  /// The tasks in the order of firings: `tasks[0]` is firing 1.
  public internal(set) var tasks = TaskList()
  /// Queued instances of each input, in input order.
  public internal(set) var queued: [Int]
  /// The expected number of tasks: its `firingLimit`, else the number of fired ones, at least
  /// one.
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
  /// The total run time of its succeeded jobs, and their number.
  public internal(set) var totalMilliseconds = 0
  public internal(set) var timedJobs = 0

  /// The mean run time of its jobs.
  public var meanMilliseconds: Int? { timedJobs == 0 ? nil : totalMilliseconds / timedJobs }
}

public struct WorkerState: Sendable, Equatable {
  public let name: String
  public let host: String
  public let slots: Int
  /// Jobs that it has taken and not finished.
  public internal(set) var busy = 0
  public internal(set) var isGone = false
}

/// The tasks of one process by firing, in order. Most processes fire once, so the first task needs
/// no array of its own.
public struct TaskList: Sendable, Equatable, RandomAccessCollection, MutableCollection {
  /// Stored, because reading `first` would copy a record.
  public private(set) var count = 0
  private var first: TaskRecord?
  private var others: [TaskRecord] = []

  public init() {}

  public var startIndex: Int { 0 }
  public var endIndex: Int { count }

  public subscript(position: Int) -> TaskRecord {
    get {
      guard position == 0, let first else { return others[position - 1] }
      return first
    }
    _modify {
      if position == 0, var task = first.take() {
        defer { first = task }
        yield &task
      } else {
        yield &others[position - 1]
      }
    }
  }

  /// `nil` outside.
  public subscript(guarding position: Int) -> TaskRecord? {
    position >= 0 && position < count ? self[position] : nil
  }

  /// The state of the task there, without a copy of its record; `nil` outside.
  public func state(at position: Int) -> TaskState? {
    guard position >= 0, position < count else { return nil }
    return position == 0 ? first?.state : others[position - 1].state
  }

  mutating func append(_ task: TaskRecord) {
    if count == 0 { first = task } else { others.append(task) }
    count += 1
  }
}
