import JobProtocol
import Workflow

/// Whether and when a failed attempt is retried automatically.
///
/// Failures have four causes, each with a budget of its own: the number of retries after it.
///
/// | cause | attempts that ended | budget |
/// |---|---|---|
/// | application | exit code, signal, error, file, not found, image | `attempts`, minus one |
/// | memory | out of memory | `budgets.memory`, else that of the application |
/// | time | timed out | `budgets.time`, else that of the application |
/// | infrastructure | lost, no container | `budgets.infrastructure`, else three |
///
/// | failure | retried while its budget lasts |
/// |---|---|
/// | cancelled, invalid message, refused | never |
/// | lost, no container | unless the policy allows one attempt only and gives no budget |
/// | out of memory, timed out | if it has a budget of its own, `on` names it or is missing |
/// | not found, no image | if `on` names it |
/// | any other | if `on` names it or is missing |
///
/// Manual attempts count as well. If `on` names `lost` or `container`, they are also retried while
/// all attempts together are fewer than `attempts`.
struct RetryRule: Sendable {
  static let infrastructureRetries = 3

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

  /// Seconds until the next attempt; `nil` if the task stays failed. `chance` is in 0..<1, `before`
  /// counts the failures before this one.
  func delay(
    after cause: FailureCause, attempt: Int, before: FailureCounts, chance: Double
  ) -> Double? {
    guard isAllowed(cause, attempt: attempt, before: before) else { return nil }
    return (policy ?? RetryPolicy()).delay(beforeRetry: attempt, chance: chance)
  }

  private func isAllowed(_ cause: FailureCause, attempt: Int, before: FailureCounts) -> Bool {
    let budgets = policy?.budgets ?? RetryPolicy.Budgets()
    switch cause {
    case .cancelled, .invalidMessage, .refused: return false
    case .lost, .container:
      if let budget = budgets.infrastructure { return before.infrastructure < budget }
      if let policy, policy.attempts <= 1 { return false }
      if before.infrastructure < Self.infrastructureRetries { return true }
      return attempt < (policy?.attempts ?? 1) && isNamed(cause) == true
    case .outOfMemory:
      if let budget = budgets.memory { return before.memory < budget }
    case .timeout:
      if let budget = budgets.time { return before.time < budget }
    case .notFound, .image:
      return hasAttemptsLeft(attempt, before) && isNamed(cause) == true
    case .exit, .signal, .file, .error: break
    }
    return hasAttemptsLeft(attempt, before) && isNamed(cause) != false
  }

  /// `nil` if the policy names no causes.
  private func isNamed(_ cause: FailureCause) -> Bool? {
    policy?.causes?.contains { $0.matches(cause) }
  }

  /// Attempts that ended for a cause with another budget do not count.
  private func hasAttemptsLeft(_ attempt: Int, _ before: FailureCounts) -> Bool {
    let budgets = policy?.budgets ?? RetryPolicy.Budgets()
    let others =
      before.infrastructure + (budgets.memory == nil ? 0 : before.memory)
      + (budgets.time == nil ? 0 : before.time)
    return attempt - others < (policy?.attempts ?? 1)
  }

  /// What the next attempt of a task asks for, after these failures.
  func growth(after counts: FailureCounts) -> ResourceGrowth {
    policy?.growth(afterMemory: counts.memory, time: counts.time) ?? .one
  }
}

/// How many attempts of a task ended for causes that are not the application's.
struct FailureCounts: Sendable, Equatable {
  var infrastructure = 0
  var memory = 0
  var time = 0

  mutating func add(_ cause: FailureCause) {
    switch cause {
    case .lost, .container: infrastructure += 1
    case .outOfMemory: memory += 1
    case .timeout: time += 1
    case .exit, .signal, .notFound, .image, .invalidMessage, .cancelled, .file, .error, .refused:
      break
    }
  }
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
