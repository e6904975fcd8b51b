public import JobProtocol

/// The record of one attempt. Times are milliseconds since 1970; only those in `usage` are on
/// the executor's clock.
///
/// Packed, because a run may have millions.
public struct AttemptRecord: Sendable, Equatable {
  private let packedNumber: Int32
  private var packedPid: Int32 = 0
  /// When it was made; for the first attempt, the time of the firing.
  public internal(set) var madeAt: Int
  private var submitted = PackedTime()
  private var taken = PackedTime()
  private var started = PackedTime()
  private var ended = PackedTime()
  private var figures = PackedFigures()
  private(set) var lastLine = ""
  /// Shared by all attempts of the executor.
  var sharedExecutor: SharedExecutor?
  /// Rare data; at most one element.
  private var rareData: [RareData] = []
  public internal(set) var isCancelRequested = false
  private var hasSucceeded = false
  /// Why it was made; `nil` for the first one.
  public internal(set) var reason: AttemptReason?

  private struct RareData: Sendable, Equatable {
    var cause: FailureCause?
    /// The user's edit.
    var edit: JobEdit?
    /// Usage with figures too large to pack.
    var usage: JobUsage?
  }

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

  /// The application's process id; `nil` until known.
  public internal(set) var pid: Int? {
    get { packedPid == 0 ? nil : Int(packedPid) }
    set { packedPid = newValue.map { Int32(clamping: $0) } ?? 0 }
  }

  public internal(set) var outcome: JobOutcome? {
    get { hasSucceeded ? .succeeded : rareData.first?.cause.map(JobOutcome.failed) }
    set {
      hasSucceeded = newValue == .succeeded
      if case .failed(let cause)? = newValue {
        set(\.cause, cause)
      } else {
        set(\.cause, nil)
      }
    }
  }

  public internal(set) var usage: JobUsage {
    get {
      if let usage = rareData.first?.usage { return usage }
      var usage = figures.usage
      usage.lastLine = lastLine
      return usage
    }
    set {
      let packed = PackedFigures(newValue)
      figures = packed ?? PackedFigures()
      // Stamps of files are not stored here: a later run reads them from the journal.
      var kept = newValue
      kept.fileStamps = ""
      set(\.usage, packed == nil || !kept.missingFiles.isEmpty ? kept : nil)
      lastLine = newValue.lastLine
    }
  }

  /// The user's edit.
  public internal(set) var edit: JobEdit? {
    get { rareData.first?.edit }
    set { set(\.edit, newValue) }
  }

  private mutating func set<Value: Equatable>(
    _ path: WritableKeyPath<RareData, Value>, _ value: Value
  ) {
    var changed = rareData.first ?? RareData()
    guard changed[keyPath: path] != value else { return }
    changed[keyPath: path] = value
    rareData = changed == RareData() ? [] : [changed]
  }

  /// The run time of the application so far; `nil` before its start.
  public func duration(now: Int) -> Int? {
    if outcome != nil {
      let milliseconds = rareData.first?.usage?.wallMilliseconds ?? Int(figures.wall)
      if milliseconds > 0 { return milliseconds }
    }
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

/// The identity of an executor, shared by all its attempts.
final class SharedExecutor: Sendable, Equatable {
  let identity: ExecutorIdentity

  init(_ identity: ExecutorIdentity) { self.identity = identity }

  static func == (left: SharedExecutor, right: SharedExecutor) -> Bool {
    left === right || left.identity == right.identity
  }
}

/// The figures of a usage, all below 2³², in 32 bytes.
private struct PackedFigures: Sendable, Equatable {
  private(set) var wall: UInt32 = 0
  private var user: UInt32 = 0
  private var system: UInt32 = 0
  private var resident: UInt32 = 0
  private var read: UInt32 = 0
  private var written: UInt32 = 0
  private var output: UInt32 = 0
  private var errors: UInt32 = 0

  init() {}

  /// `nil` if a figure is too large.
  init?(_ usage: JobUsage) {
    guard let wall = UInt32(exactly: usage.wallMilliseconds),
      let user = UInt32(exactly: usage.userMilliseconds),
      let system = UInt32(exactly: usage.systemMilliseconds),
      let resident = UInt32(exactly: usage.maxResidentKilobytes),
      let read = UInt32(exactly: usage.bytesRead),
      let written = UInt32(exactly: usage.bytesWritten),
      let output = UInt32(exactly: usage.standardOutputBytes),
      let errors = UInt32(exactly: usage.standardErrorBytes)
    else { return nil }
    (self.wall, self.user, self.system, self.resident) = (wall, user, system, resident)
    (self.read, self.written, self.output, self.errors) = (read, written, output, errors)
  }

  var usage: JobUsage {
    var usage = JobUsage()
    usage.wallMilliseconds = Int(wall)
    usage.userMilliseconds = Int(user)
    usage.systemMilliseconds = Int(system)
    usage.maxResidentKilobytes = Int(resident)
    usage.bytesRead = Int(read)
    usage.bytesWritten = Int(written)
    usage.standardOutputBytes = Int(output)
    usage.standardErrorBytes = Int(errors)
    return usage
  }
}

/// The phases of an attempt in milliseconds; `nil` for a phase that it has not reached or that
/// is unknown (foreign executors report little).
///
/// The stamps of an attempt are the engine's; only the run time is measured by its executor.
/// Reports of a short job arrive together, so stamps are moved back if they would leave the
/// application less than its run time. The phases of an ended attempt therefore add up to its
/// total time.
public struct AttemptTimes: Sendable, Equatable {
  public enum Phase: Int, Sendable, CaseIterable {
    /// Made, but kept back: a limit, a hold, a pause.
    case wait
    /// Submitted; no executor has taken it.
    case queue
    /// Taken; the application has not started.
    case dispatch
    /// The application runs.
    case run
    /// Ended; the engine does not know yet.
    case notify
  }

  /// When the application started and ended, in milliseconds since 1970 on the engine's
  /// clock.
  public let startedAt: Int?
  public let endedAt: Int?
  private var values = [Int?](repeating: nil, count: Phase.allCases.count)

  public subscript(phase: Phase) -> Int? { values[phase.rawValue] }

  /// All phases together.
  public var total: Int { values.reduce(0) { $0 + ($1 ?? 0) } }

  public init(_ attempt: AttemptRecord) {
    let ran = attempt.startedAt == nil || attempt.outcome == nil ? nil : attempt.duration(now: 0)
    let submitted = attempt.submittedAt.map { max($0, attempt.madeAt) }
    let latest = (attempt.endedAt ?? .max) - (ran ?? 0)
    let started = attempt.startedAt.map { max(min($0, latest), submitted ?? $0) }
    let taken = attempt.takenAt.map { max(min($0, started ?? latest), submitted ?? $0) }
    startedAt = started
    endedAt = started.flatMap { started in ran.map { started + $0 } }
    set(.wait, from: attempt.madeAt, to: submitted)
    set(.queue, from: submitted, to: taken ?? started)
    set(.dispatch, from: taken, to: started)
    set(.run, from: startedAt, to: endedAt)
    set(.notify, from: endedAt, to: attempt.endedAt)
  }

  private mutating func set(_ phase: Phase, from start: Int?, to end: Int?) {
    guard let start, let end else { return }
    values[phase.rawValue] = max(0, end - start)
  }
}
