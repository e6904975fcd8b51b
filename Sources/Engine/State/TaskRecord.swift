public import JobProtocol

/// What is known of one task.
public struct TaskRecord: Sendable, Equatable {
  public let id: FiringID
  public internal(set) var state = TaskState.ready
  /// A person keeps it back.
  public internal(set) var isHeld = false
  public let firedAt: Int
  private var firstAttempt: AttemptRecord?
  /// What only few tasks have; at most one element.
  private var exceptions: [Exception] = []

  private struct Exception: Sendable, Equatable {
    var retryDueAt: Int?
    var laterAttempts: [AttemptRecord] = []
  }

  init(id: FiringID, firedAt: Int) {
    self.id = id
    self.firedAt = firedAt
  }

  /// When its next attempt is due, while that is scheduled; milliseconds since 1970.
  public internal(set) var retryDueAt: Int? {
    get { exceptions.first?.retryDueAt }
    set { if newValue != retryDueAt { changeException { $0.retryDueAt = newValue } } }
  }

  private var laterAttempts: [AttemptRecord] { exceptions.first?.laterAttempts ?? [] }

  private mutating func changeException(_ change: (inout Exception) -> Void) {
    if exceptions.isEmpty { exceptions = [Exception()] }
    change(&exceptions[0])
  }

  /// In the order in which they were made. `lastAttempt` and `attemptCount` cost less.
  public var attempts: [AttemptRecord] { (firstAttempt.map { [$0] } ?? []) + laterAttempts }

  public var attemptCount: Int { (firstAttempt == nil ? 0 : 1) + laterAttempts.count }

  public var lastAttempt: AttemptRecord? { laterAttempts.last ?? firstAttempt }

  public func attempt(_ number: Int) -> AttemptRecord? {
    firstAttempt?.number == number ? firstAttempt : laterAttempts.last { $0.number == number }
  }

  /// Changes the attempt of that number, or makes one first.
  mutating func update(_ number: Int, _ change: (inout AttemptRecord) -> Void) {
    var first = firstAttempt ?? AttemptRecord(number: number, madeAt: firedAt)
    if first.number == number {
      change(&first)
      firstAttempt = first
      return
    }
    let made = AttemptRecord(number: number, madeAt: firedAt)
    changeException { exception in
      let place = exception.laterAttempts.firstIndex { $0.number == number }
      if place == nil { exception.laterAttempts.append(made) }
      change(&exception.laterAttempts[place ?? exception.laterAttempts.count - 1])
    }
  }

  /// The last line of its last attempt's output, as it was written; `nil` when there is none.
  public var lastLine: String? {
    lastAttempt.flatMap { $0.lastLine.isEmpty ? nil : $0.lastLine }
  }

  /// Why it failed, when it did.
  public var cause: FailureCause? {
    if case .failed(let cause)? = lastAttempt?.outcome { cause } else { nil }
  }
}
