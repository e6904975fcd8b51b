public import JobProtocol

/// What is known of one task.
public struct TaskRecord: Sendable, Equatable {
  public let id: FiringID
  public internal(set) var state = TaskState.ready
  public let firedAt: Int
  /// When its next attempt is due, while that is scheduled; milliseconds since 1970.
  public internal(set) var retryDueAt: Int?
  /// A person keeps it back.
  public internal(set) var isHeld = false
  private var firstAttempt: AttemptRecord?
  private var laterAttempts: [AttemptRecord] = []

  init(id: FiringID, firedAt: Int) {
    self.id = id
    self.firedAt = firedAt
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
    } else if let place = laterAttempts.firstIndex(where: { $0.number == number }) {
      change(&laterAttempts[place])
    } else {
      laterAttempts.append(AttemptRecord(number: number, madeAt: firedAt))
      change(&laterAttempts[laterAttempts.count - 1])
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

/// What is known of one attempt. Times are milliseconds since 1970; those of an executor are on its
/// host's clock only within `usage`.
///
/// Packed: a run has millions of them.
public struct AttemptRecord: Sendable, Equatable {
  private let packedNumber: Int32
  private var packedPid: Int32 = 0
  public internal(set) var isCancelRequested = false
  /// Why it was made; `nil` for the first one.
  public internal(set) var reason: AttemptReason?
  /// When it came into being; of a first attempt the time of the firing.
  public internal(set) var madeAt: Int
  private var submitted = PackedTime()
  private var taken = PackedTime()
  private var started = PackedTime()
  private var ended = PackedTime()
  public internal(set) var outcome: JobOutcome?
  /// Shared by all attempts of the executor.
  var sharedExecutor: SharedExecutor?
  private var packedUsage = PackedUsage()
  /// At most one element.
  private var edits: [JobEdit] = []

  init(number: Int, madeAt: Int) {
    packedNumber = Int32(clamping: number)
    self.madeAt = madeAt
  }

  public var number: Int { Int(packedNumber) }

  public internal(set) var submittedAt: Int? {
    get { submitted.value }
    set { submitted.value = newValue }
  }

  public internal(set) var takenAt: Int? {
    get { taken.value }
    set { taken.value = newValue }
  }

  public internal(set) var startedAt: Int? {
    get { started.value }
    set { started.value = newValue }
  }

  public internal(set) var endedAt: Int? {
    get { ended.value }
    set { ended.value = newValue }
  }

  public var executor: ExecutorIdentity? { sharedExecutor?.identity }

  /// The application's process id; `nil` until it is known.
  public internal(set) var pid: Int? {
    get { packedPid == 0 ? nil : Int(packedPid) }
    set { packedPid = newValue.map { Int32(clamping: $0) } ?? 0 }
  }

  public internal(set) var usage: JobUsage {
    get { packedUsage.value }
    set { packedUsage = PackedUsage(newValue) }
  }

  var lastLine: String { packedUsage.lastLine }

  /// What a person changed about it.
  public internal(set) var edit: JobEdit? {
    get { edits.first }
    set { edits = newValue.map { [$0] } ?? [] }
  }

  /// How long the application has run or ran; `nil` before its start.
  public func duration(now: Int) -> Int? {
    if outcome != nil, packedUsage.wallMilliseconds > 0 { return packedUsage.wallMilliseconds }
    guard let startedAt else { return nil }
    return max(0, (endedAt ?? now) - startedAt)
  }
}

/// A time that may be unknown, in 8 bytes.
private struct PackedTime: Sendable, Equatable {
  private var raw = Int.min

  var value: Int? {
    get { raw == .min ? nil : raw }
    set { raw = newValue ?? .min }
  }
}

/// The identity of an executor. All its attempts refer to the same object.
final class SharedExecutor: Sendable, Equatable {
  let identity: ExecutorIdentity

  init(_ identity: ExecutorIdentity) { self.identity = identity }

  static func == (left: SharedExecutor, right: SharedExecutor) -> Bool {
    left === right || left.identity == right.identity
  }
}

/// A usage in 56 bytes: figures of less than 2³² in 4 bytes each, others as they came.
private struct PackedUsage: Sendable, Equatable {
  private var figures: (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32) =
    (0, 0, 0, 0, 0, 0, 0, 0)
  private(set) var lastLine = ""
  /// At most one element.
  private var large: [JobUsage] = []

  init() {}

  init(_ usage: JobUsage) {
    lastLine = usage.lastLine
    let all = [
      usage.wallMilliseconds, usage.userMilliseconds, usage.systemMilliseconds,
      usage.maxResidentKilobytes, usage.bytesRead, usage.bytesWritten, usage.standardOutputBytes,
      usage.standardErrorBytes,
    ].map { UInt32(exactly: $0) }
    guard let wall = all[0], let user = all[1], let system = all[2], let resident = all[3],
      let read = all[4], let written = all[5], let output = all[6], let errors = all[7]
    else {
      large = [usage]
      return
    }
    figures = (wall, user, system, resident, read, written, output, errors)
  }

  var wallMilliseconds: Int { large.first?.wallMilliseconds ?? Int(figures.0) }

  var value: JobUsage {
    if let usage = large.first { return usage }
    var usage = JobUsage()
    usage.wallMilliseconds = Int(figures.0)
    usage.userMilliseconds = Int(figures.1)
    usage.systemMilliseconds = Int(figures.2)
    usage.maxResidentKilobytes = Int(figures.3)
    usage.bytesRead = Int(figures.4)
    usage.bytesWritten = Int(figures.5)
    usage.standardOutputBytes = Int(figures.6)
    usage.standardErrorBytes = Int(figures.7)
    usage.lastLine = lastLine
    return usage
  }

  static func == (left: PackedUsage, right: PackedUsage) -> Bool { left.value == right.value }
}
