import JobProtocol

/// The states of one task and its attempts.
///
/// | state | event | next | action |
/// |---|---|---|---|
/// | pending(n) | submit | active(n) | submit |
/// | pending(n) | cancel | failed(n) | end |
/// | active(n) | finished n, succeeded | done(n) | emit |
/// | active(n) | finished n, failed | failed(n) | fail |
/// | active(n) | cancel | cancelling(n) | cancel |
/// | active(n), nobody has it | withdrawn n | pending(n) | withdraw |
/// | active(n) | taken or started n | active(n) | note, each once |
/// | cancelling(n) | finished n, succeeded | done(n) | emit |
/// | cancelling(n) | finished n, failed | failed(n) | fail, for good |
/// | cancelling(n) | taken or started n | cancelling(n) | note, each once |
/// | failed(n) | schedule | scheduled(n) | – |
/// | failed(n), done(n) | retry | pending(n + 1) | make |
/// | scheduled(n) | retry, or due n + 1 | pending(n + 1) | make |
/// | scheduled(n) | cancel | failed(n) | unschedule |
/// | failed(n), scheduled(n), reset(n) | skip | done(n) | skip |
/// | done(n), failed(n), scheduled(n) | reset | reset(n) | reset |
/// | pending(n) | reset | reset(n) | reset |
/// | active(n) | reset | cancelling(n) | cancel; reset once it has ended |
/// | cancelling(n) | reset | cancelling(n) | wait; reset once it has ended |
/// | pending(1) | wait | reset(0) | – |
/// | reset(n) | inputs are there | pending(n + 1) | make |
/// | any | report of another attempt | same | ignore |
/// | any | anything else | same | refuse |
///
/// A pending attempt is kept back: its task is held, or the run is paused. A cancelled attempt has
/// failed with the cause `cancelled`, a lost one with the cause `lost`, so both can be retried or
/// skipped. A reset task waits for upstream tasks that run again.
struct TaskMachine: Sendable, Equatable {
  enum State: Sendable, Equatable {
    case pending(attempt: Int)
    case active(attempt: Int)
    case cancelling(attempt: Int)
    case failed(attempt: Int)
    case scheduled(attempt: Int)
    case reset(attempt: Int)
    case done(attempt: Int)
  }

  private(set) var state: State {
    get { kind.state(Int(packedAttempt)) }
    set { (kind, packedAttempt) = (Kind(newValue), Int32(clamping: newValue.attempt)) }
  }

  /// The progress of the current attempt, because reports may arrive twice.
  private(set) var progress = Progress.submitted

  /// The state in 5 bytes: a run has millions of tasks.
  private var kind = Kind.pending
  private var packedAttempt: Int32 = 1

  enum Progress: Int, Equatable { case submitted, queued, taken, started }
  enum ProgressAction: Equatable { case note, pass, ignore }

  mutating func progressed(attempt: Int, to step: Progress) -> ProgressAction {
    switch state {
    case .active(attempt), .cancelling(attempt):
      guard step.rawValue > progress.rawValue else { return .pass }
      progress = step
      return .note
    case .pending, .active, .cancelling, .failed, .scheduled, .reset, .done: return .ignore
    }
  }

  /// The attempt to submit now; `nil` if none is pending.
  mutating func submit() -> Int? {
    guard case .pending(let attempt) = state else { return nil }
    state = .active(attempt: attempt)
    progress = .submitted
    return attempt
  }

  enum FinishAction: Equatable {
    case emit, fail, ignore
    /// Cancelled by a user: never retried, whatever the outcome.
    case failForGood
  }

  mutating func finished(attempt: Int, succeeded: Bool) -> FinishAction {
    switch state {
    case .active(attempt):
      state = succeeded ? .done(attempt: attempt) : .failed(attempt: attempt)
      return succeeded ? .emit : .fail
    case .cancelling(attempt):
      state = succeeded ? .done(attempt: attempt) : .failed(attempt: attempt)
      return succeeded ? .emit : .failForGood
    case .pending, .active, .cancelling, .failed, .scheduled, .reset, .done: return .ignore
    }
  }

  enum CancelAction: Equatable {
    case cancel(attempt: Int)
    /// Ends at once as cancelled.
    case end(attempt: Int)
    /// Cancels its scheduled retry.
    case unschedule(attempt: Int)
    case refuse
  }

  mutating func cancel() -> CancelAction {
    switch state {
    case .pending(let attempt):
      state = .failed(attempt: attempt)
      return .end(attempt: attempt)
    case .active(let attempt):
      state = .cancelling(attempt: attempt)
      return .cancel(attempt: attempt)
    case .scheduled(let attempt):
      state = .failed(attempt: attempt)
      return .unschedule(attempt: attempt)
    case .cancelling, .failed, .reset, .done: return .refuse
    }
  }

  enum RetryAction: Equatable {
    case make(attempt: Int)
    case refuse
  }

  mutating func retry() -> RetryAction {
    switch state {
    case .failed(let attempt), .scheduled(let attempt), .done(let attempt):
      state = .pending(attempt: attempt + 1)
      return .make(attempt: attempt + 1)
    case .pending, .active, .cancelling, .reset: return .refuse
    }
  }

  mutating func due(attempt: Int) -> RetryAction {
    guard state == .scheduled(attempt: attempt - 1) else { return .refuse }
    return retry()
  }

  /// Handles that the inputs of a reset task are available again.
  mutating func inputsAvailable() -> RetryAction {
    guard case .reset(let attempt) = state else { return .refuse }
    state = .pending(attempt: attempt + 1)
    return .make(attempt: attempt + 1)
  }

  /// Returns the next attempt's number; `nil` if no retry can be scheduled.
  mutating func schedule() -> Int? {
    guard case .failed(let attempt) = state else { return nil }
    state = .scheduled(attempt: attempt)
    return attempt + 1
  }

  mutating func withdrawn(attempt: Int) -> Bool {
    guard state == .active(attempt: attempt), !isTaken else { return false }
    state = .pending(attempt: attempt)
    return true
  }

  /// Whether an executor has the current attempt.
  var isTaken: Bool { progress.rawValue >= Progress.taken.rawValue }

  enum SkipAction: Equatable { case skip, refuse }

  mutating func skip() -> SkipAction {
    switch state {
    case .failed(let attempt), .scheduled(let attempt), .reset(let attempt):
      state = .done(attempt: attempt)
      return .skip
    case .pending, .active, .cancelling, .done: return .refuse
    }
  }

  /// Lets a new task wait for upstream tasks that run again.
  mutating func wait() -> Bool {
    guard state == .pending(attempt: 1) else { return false }
    state = .reset(attempt: 0)
    return true
  }

  enum ResetAction: Equatable {
    case reset
    case cancel(attempt: Int)
    case wait
    case refuse
  }

  mutating func reset() -> ResetAction {
    switch state {
    case .pending(let attempt), .failed(let attempt), .scheduled(let attempt), .done(let attempt):
      state = .reset(attempt: attempt)
      return .reset
    case .active(let attempt):
      state = .cancelling(attempt: attempt)
      return .cancel(attempt: attempt)
    case .cancelling: return .wait
    case .reset: return .refuse
    }
  }
}

extension TaskMachine {
  var isFailed: Bool {
    if case .failed = state { true } else { false }
  }

  var isScheduled: Bool {
    if case .scheduled = state { true } else { false }
  }

  var isPending: Bool {
    if case .pending = state { true } else { false }
  }

  var isReset: Bool {
    if case .reset = state { true } else { false }
  }

  var isDone: Bool {
    if case .done = state { true } else { false }
  }

  /// Whether an attempt runs or is kept back.
  var isActive: Bool {
    switch state {
    case .pending, .active, .cancelling: true
    case .failed, .scheduled, .reset, .done: false
    }
  }

  var attempt: Int { state.attempt }
}

extension TaskMachine.State {
  fileprivate var attempt: Int {
    switch self {
    case .pending(let attempt), .active(let attempt), .cancelling(let attempt),
      .failed(let attempt), .scheduled(let attempt), .reset(let attempt), .done(let attempt):
      attempt
    }
  }
}

/// A state without its attempt.
private enum Kind {
  case pending, active, cancelling, failed, scheduled, reset, done

  init(_ state: TaskMachine.State) {
    self =
      switch state {
      case .pending: .pending
      case .active: .active
      case .cancelling: .cancelling
      case .failed: .failed
      case .scheduled: .scheduled
      case .reset: .reset
      case .done: .done
      }
  }

  func state(_ attempt: Int) -> TaskMachine.State {
    switch self {
    case .pending: .pending(attempt: attempt)
    case .active: .active(attempt: attempt)
    case .cancelling: .cancelling(attempt: attempt)
    case .failed: .failed(attempt: attempt)
    case .scheduled: .scheduled(attempt: attempt)
    case .reset: .reset(attempt: attempt)
    case .done: .done(attempt: attempt)
    }
  }
}
