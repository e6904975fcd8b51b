/// Why an attempt after the first was made.
public enum AttemptReason: String, Sendable, CaseIterable {
  /// The retry policy.
  case policy
  /// A user retried the task alone.
  case user = "person"
  /// A user retried the task and everything downstream.
  case userDownstream = "personDownstream"
  /// An upstream task has run again.
  case upstream
}

/// The engine process that drives a run.
public struct EngineInfo: Sendable, Equatable {
  public var host: String
  public var pid: Int
  /// How many engines the run has had before.
  public var takeOvers: Int

  public init(host: String, pid: Int, takeOvers: Int) {
    self.host = host
    self.pid = pid
    self.takeOvers = takeOvers
  }
}
