import JobProtocol
import Workflow

/// Whether and when a failed attempt is retried automatically.
///
/// | cause | retried |
/// |---|---|
/// | cancelled, invalid message | never |
/// | lost | three times, unless the policy allows one attempt only; more often if it names `lost` |
/// | not found | if `on` names it |
/// | any other | if `on` names it or is missing |
///
/// All attempts of a task count, also manual ones.
struct RetryRule: Sendable {
  static let lostRetries = 3

  /// The policy of processes without one: `--retries` and `--retry-delay`.
  struct Defaults: Sendable {
    var retries: Int?
    var delay = 0.0
  }

  let policy: RetryPolicy?

  init(_ process: Workflow.Process, _ defaults: Defaults) {
    policy =
      process.retry
      ?? defaults.retries.map { RetryPolicy(attempts: $0 + 1, delay: defaults.delay) }
  }

  /// Seconds until the next attempt; `nil` if the task stays failed. `chance` is in 0..<1.
  func delay(
    after cause: FailureCause, attempt: Int, lostBefore: Int, chance: Double
  ) -> Double? {
    guard isAllowed(cause, attempt: attempt, lostBefore: lostBefore) else { return nil }
    return (policy ?? RetryPolicy()).delay(beforeRetry: attempt, chance: chance)
  }

  private func isAllowed(_ cause: FailureCause, attempt: Int, lostBefore: Int) -> Bool {
    switch cause {
    case .cancelled, .invalidMessage: return false
    case .lost:
      if let policy, policy.attempts <= 1 { return false }
      if lostBefore < Self.lostRetries { return true }
      return hasAttemptsLeft(attempt) && policy?.causes?.contains { $0.word == "lost" } == true
    case .notFound:
      return hasAttemptsLeft(attempt) && policy?.causes?.contains { $0.matches(cause) } == true
    case .exit, .signal, .outOfMemory, .timeout, .error:
      return hasAttemptsLeft(attempt) && policy?.causes?.contains { $0.matches(cause) } != false
    }
  }

  private func hasAttemptsLeft(_ attempt: Int) -> Bool { attempt < (policy?.attempts ?? 1) }
}

extension RetryPolicy.Cause {
  fileprivate func matches(_ cause: FailureCause) -> Bool {
    guard word == cause.word else { return false }
    guard let number else { return true }
    switch cause {
    case .exit(let code): return code == number
    case .signal(let signal): return signal == number
    default: return false
    }
  }
}

/// A deterministic random number: the same run, firing and attempt always give the same.
enum Jitter {
  static func seed(_ text: String) -> UInt64 {
    text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }

  /// A number in 0..<1.
  static func chance(_ seed: UInt64, _ attempt: AttemptID) -> Double {
    var bits = seed
    for part in [attempt.firing.process.number, attempt.firing.number, attempt.number] {
      bits = (bits ^ UInt64(truncatingIfNeeded: part)) &+ 0x9E37_79B9_7F4A_7C15
      bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
      bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
      bits ^= bits >> 31
    }
    return Double(bits >> 11) / Double(1 << 53)
  }
}
