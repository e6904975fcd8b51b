import JobProtocol

/// How a task stands, as people see it.
public enum TaskState: Int, Sendable, CaseIterable {
  /// Its process has not fired: signals are missing.
  case waiting
  /// A person keeps it back.
  case held
  /// Fired; no executor has taken it yet.
  case ready
  /// Taken by an executor, the application is not started yet.
  case queued
  case running
  /// It failed, and its next attempt is scheduled.
  case retrying
  case succeeded
  case failed
  /// Its executor vanished.
  case lost
  /// A person had its outputs emitted without it.
  case skipped
  case cancelled

  /// How a task stands whose last attempt ended so.
  init(after outcome: JobOutcome) {
    self =
      switch outcome {
      case .succeeded: .succeeded
      case .failed(.lost): .lost
      case .failed(.cancelled): .cancelled
      case .failed: .failed
      }
  }

  /// Nothing more happens to it by itself.
  public var isOver: Bool { self.rawValue >= TaskState.succeeded.rawValue }
  /// Its outputs are there.
  public var isDone: Bool { self == .succeeded || self == .skipped }
  /// It can be retried or skipped.
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
    self[.held] + self[.ready] + self[.queued] + self[.running] + self[.retrying]
  }
  public var needingAttention: Int { self[.failed] + self[.lost] + self[.cancelled] }
  /// The states of those that need attention, the worst first: what a person cancelled has not
  /// failed.
  public var troubles: [TaskState] { [.failed, .lost, .cancelled].filter { self[$0] > 0 } }
}
