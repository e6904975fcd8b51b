public import JobProtocol

/// The record of one task.
public struct TaskRecord: Sendable, Equatable {
  public let id: FiringID
  public internal(set) var state = TaskState.ready
  /// Whether a user holds it.
  public internal(set) var isHeld = false
  public let firedAt: Int
  private var firstAttempt: AttemptRecord?
  /// Rare data; at most one element.
  private var rareData: [RareData] = []

  private struct RareData: Sendable, Equatable {
    var retryDueAt: Int?
    var laterAttempts: [AttemptRecord] = []
  }

  init(id: FiringID, firedAt: Int) {
    self.id = id
    self.firedAt = firedAt
  }

  /// When its scheduled retry is due, in milliseconds since 1970.
  public internal(set) var retryDueAt: Int? {
    get { rareData.first?.retryDueAt }
    set { if newValue != retryDueAt { changeRareData { $0.retryDueAt = newValue } } }
  }

  private var laterAttempts: [AttemptRecord] { rareData.first?.laterAttempts ?? [] }

  private mutating func changeRareData(_ change: (inout RareData) -> Void) {
    if rareData.isEmpty { rareData = [RareData()] }
    change(&rareData[0])
  }

  /// The attempts in order. `lastAttempt` and `attemptCount` are cheaper.
  public var attempts: [AttemptRecord] { (firstAttempt.map { [$0] } ?? []) + laterAttempts }

  public var attemptCount: Int { (firstAttempt == nil ? 0 : 1) + laterAttempts.count }

  public var lastAttempt: AttemptRecord? { laterAttempts.last ?? firstAttempt }

  public func attempt(_ number: Int) -> AttemptRecord? {
    firstAttempt?.number == number ? firstAttempt : laterAttempts.last { $0.number == number }
  }

  /// Changes the attempt with this number; creates it if necessary.
  mutating func update(_ number: Int, _ change: (inout AttemptRecord) -> Void) {
    var first = firstAttempt ?? AttemptRecord(number: number, madeAt: firedAt)
    if first.number == number {
      change(&first)
      firstAttempt = first
      return
    }
    let made = AttemptRecord(number: number, madeAt: firedAt)
    changeRareData { rareData in
      let place = rareData.laterAttempts.firstIndex { $0.number == number }
      if place == nil { rareData.laterAttempts.append(made) }
      change(&rareData.laterAttempts[place ?? rareData.laterAttempts.count - 1])
    }
  }

  /// The last output line of its last attempt, unsanitised; `nil` if there is none.
  public var lastLine: String? {
    lastAttempt.flatMap { $0.lastLine.isEmpty ? nil : $0.lastLine }
  }

  /// Why it failed, if it did.
  public var cause: FailureCause? {
    if case .failed(let cause)? = lastAttempt?.outcome { cause } else { nil }
  }
}
