import JobProtocol

/// How a job ended, with the code by which engines that know only codes are told.
struct Ending: Equatable {
  let outcome: JobOutcome
  let code: Int

  static let succeeded = Ending(outcome: .succeeded, code: 0)

  init(outcome: JobOutcome, code: Int) {
    self.outcome = outcome
    self.code = code
  }

  /// The code follows the habits of shells: 124 timeout, 125 the executor's own trouble, 126 not
  /// executable, 127 not found, 128 + n a Unix signal.
  init(_ cause: FailureCause, code: Int? = nil) {
    self.init(outcome: .failed(cause), code: code ?? Ending.code(of: cause))
  }

  private static func code(of cause: FailureCause) -> Int {
    switch cause {
    case .exit(let code): code
    case .signal(let number): 128 + number
    case .outOfMemory: 128 + 9
    case .timeout: 124
    case .notFound: 127
    case .cancelled: 128 + 15
    case .invalidMessage, .lost, .error: 125
    }
  }
}

/// A job that cannot be started or finished for a reason of its own.
struct JobFailure: Error, Equatable {
  let ending: Ending

  init(_ cause: FailureCause, code: Int? = nil) { ending = Ending(cause, code: code) }
}
