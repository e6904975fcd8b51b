/// Why an attempt after a task's first was made.
public enum AttemptReason: String, Sendable, CaseIterable {
  /// The retry policy.
  case policy
  /// A person, for the task alone.
  case person
  /// A person, for the task and everything that has run with its outputs.
  case personDownstream
  /// A task from whose outputs it ran has run again.
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
