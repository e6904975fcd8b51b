public import JobProtocol

/// What is known of one task.
public struct TaskRecord: Sendable, Equatable {
  public let id: FiringID
  public internal(set) var state = TaskState.ready
  public let firedAt: Int
  public internal(set) var attempts: [AttemptRecord] = []
  /// When its next attempt is due, while that is scheduled; milliseconds since 1970.
  public internal(set) var retryDueAt: Int?
  /// A person keeps it back.
  public internal(set) var isHeld = false

  public var lastAttempt: AttemptRecord? { attempts.last }

  /// The last line of its last attempt's output, as it was written; `nil` when there is none.
  public var lastLine: String? {
    attempts.last.flatMap { $0.usage.lastLine.isEmpty ? nil : $0.usage.lastLine }
  }

  /// Why it failed, when it did.
  public var cause: FailureCause? {
    if case .failed(let cause)? = attempts.last?.outcome { cause } else { nil }
  }
}

/// What is known of one attempt. Times are milliseconds since 1970; those of an executor are on its
/// host's clock only within `usage`.
public struct AttemptRecord: Sendable, Equatable {
  public let number: Int
  public internal(set) var submittedAt: Int?
  public internal(set) var takenAt: Int?
  public internal(set) var startedAt: Int?
  public internal(set) var endedAt: Int?
  public internal(set) var executor: ExecutorIdentity?
  public internal(set) var pid: Int?
  public internal(set) var outcome: JobOutcome?
  public internal(set) var usage = JobUsage()
  public internal(set) var isCancelRequested = false
  /// When it came into being; of a first attempt the time of the firing.
  public internal(set) var madeAt: Int
  /// Why it was made; `nil` for the first one.
  public internal(set) var reason: AttemptReason?
  /// What a person changed about it.
  public internal(set) var edit: JobEdit?

  init(number: Int, madeAt: Int) {
    self.number = number
    self.madeAt = madeAt
  }

  /// How long the application has run or ran; `nil` before its start.
  public func duration(now: Int) -> Int? {
    if outcome != nil, usage.wallMilliseconds > 0 { return usage.wallMilliseconds }
    guard let startedAt else { return nil }
    return max(0, (endedAt ?? now) - startedAt)
  }
}
