import JobProtocol

/// The state of a task.
public enum TaskState: Int, Sendable, CaseIterable {
  /// Its process has not fired: inputs are missing.
  case waiting
  /// Held by a user.
  case held
  /// Fired, but not submitted: the run is paused, its process is held, or a retry waits for
  /// `parlevel`.
  case ready
  /// Submitted; the infrastructure has not accepted it yet.
  case submitted
  /// In a queue of the infrastructure; no executor has it.
  case queued
  /// An executor has it; the application has not started.
  case starting
  case running
  /// The last attempt failed, and a retry is scheduled.
  case retrying
  case succeeded
  case failed
  /// Its executor died.
  case lost
  /// Skipped by a user: its outputs were sent without running it.
  case skipped
  case cancelled

  /// The state of a task whose last attempt ended with `outcome`.
  init(after outcome: JobOutcome) {
    self =
      switch outcome {
      case .succeeded: .succeeded
      case .failed(.lost): .lost
      case .failed(.cancelled): .cancelled
      case .failed: .failed
      }
  }

  /// Whether nothing more happens to it automatically.
  public var isOver: Bool { self.rawValue >= TaskState.succeeded.rawValue }
  /// Whether its outputs were sent.
  public var isDone: Bool { self == .succeeded || self == .skipped }
  /// Whether it can be retried or skipped.
  public var needsAttention: Bool { self == .failed || self == .lost || self == .cancelled }
}

/// How many tasks are in each state.
public struct TaskCounts: Sendable, Equatable {
  private var counts = [Int](repeating: 0, count: TaskState.allCases.count)

  public init() {}

  public subscript(state: TaskState) -> Int {
    get { counts[state.rawValue] }
    set { counts[state.rawValue] = newValue }
  }

  public var total: Int { counts.reduce(0, +) }
  public var done: Int { self[.succeeded] + self[.skipped] }
  public var active: Int {
    self[.held] + self[.ready] + notRunning + self[.running] + self[.retrying]
  }
  /// Tasks that are submitted and wait for their program to start.
  public var notRunning: Int { self[.submitted] + self[.queued] + self[.starting] }
  public var needingAttention: Int { self[.failed] + self[.lost] + self[.cancelled] }
  /// The states that need attention, the worst first; cancelled tasks have not failed.
  public var statesNeedingAttention: [TaskState] {
    [.failed, .lost, .cancelled].filter { self[$0] > 0 }
  }
}
