import JobProtocol

/// How a job ended, and the exit code for engines that know only codes.
struct Ending: Equatable {
  let outcome: JobOutcome
  let code: Int

  static let succeeded = Ending(outcome: .succeeded, code: 0)

  init(outcome: JobOutcome, code: Int) {
    self.outcome = outcome
    self.code = code
  }

  /// Codes as in shells: 124 timeout, 125 an error of the executor, 126 not executable, 127
  /// not found, 128 + n for a Unix signal.
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
    case .invalidMessage, .lost, .error, .image, .container, .refused, .file: 125
    }
  }
}

/// Why a job cannot be started or finished.
struct JobFailure: Error, Equatable {
  let ending: Ending

  init(_ cause: FailureCause, code: Int? = nil) { ending = Ending(cause, code: code) }
}
