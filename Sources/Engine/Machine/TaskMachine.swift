import JobProtocol

/// The life of one task, whose attempts succeed each other.
///
/// | state | event | next | action |
/// |---|---|---|---|
/// | active(n) | finished n, succeeded | done | emit |
/// | active(n) | finished n, failed | failed(n) | fail |
/// | active(n) | cancel | cancelling(n) | cancel |
/// | active(n) | taken or started n | active(n) | note, each once |
/// | cancelling(n) | finished n, succeeded | done | emit |
/// | cancelling(n) | finished n, failed | failed(n) | fail |
/// | cancelling(n) | taken or started n | cancelling(n) | note, each once |
/// | failed(n) | retry | active(n + 1) | execute |
/// | failed(n) | skip | done | skip |
/// | any | report of another attempt | same | ignore |
/// | any | anything else | same | refuse |
///
/// A cancelled attempt is a failed one with the cause `cancelled`, so that it can be retried and
/// skipped as any other.
struct TaskMachine: Sendable, Equatable {
  enum State: Sendable, Equatable {
    case active(attempt: Int)
    case cancelling(attempt: Int)
    case failed(attempt: Int)
    case done
  }

  private(set) var state: State = .active(attempt: 1)

  /// How far the current attempt has come: reports may come twice.
  private var progress = Progress.submitted

  enum Progress: Int, Equatable { case submitted, taken, started }
  enum ProgressAction: Equatable { case note, pass, ignore }

  mutating func progressed(attempt: Int, to step: Progress) -> ProgressAction {
    switch state {
    case .active(attempt), .cancelling(attempt):
      guard step.rawValue > progress.rawValue else { return .pass }
      progress = step
      return .note
    case .active, .cancelling, .failed, .done: return .ignore
    }
  }

  enum FinishAction: Equatable { case emit, fail, ignore }

  mutating func finished(attempt: Int, succeeded: Bool) -> FinishAction {
    switch state {
    case .active(attempt), .cancelling(attempt):
      state = succeeded ? .done : .failed(attempt: attempt)
      return succeeded ? .emit : .fail
    case .active, .cancelling, .failed, .done: return .ignore
    }
  }

  enum CancelAction: Equatable {
    case cancel(attempt: Int)
    case refuse
  }

  mutating func cancel() -> CancelAction {
    switch state {
    case .active(let attempt):
      state = .cancelling(attempt: attempt)
      return .cancel(attempt: attempt)
    case .cancelling, .failed, .done: return .refuse
    }
  }

  enum RetryAction: Equatable {
    case execute(attempt: Int)
    case refuse
  }

  mutating func retry() -> RetryAction {
    switch state {
    case .failed(let attempt):
      state = .active(attempt: attempt + 1)
      progress = .submitted
      return .execute(attempt: attempt + 1)
    case .active, .cancelling, .done: return .refuse
    }
  }

  enum SkipAction: Equatable { case skip, refuse }

  mutating func skip() -> SkipAction {
    switch state {
    case .failed:
      state = .done
      return .skip
    case .active, .cancelling, .done: return .refuse
    }
  }

  var isFailed: Bool {
    if case .failed = state { true } else { false }
  }

  var isActive: Bool {
    switch state {
    case .active, .cancelling: true
    case .failed, .done: false
    }
  }
}
