public import Engine

/// A run in a list of runs.
public struct RunEntry: Sendable, Equatable {
  public enum Condition: Sendable, Equatable {
    /// An engine drives the run.
    case running
    /// An engine is there, but the run is paused.
    case paused
    /// Nothing can run any more; the engine waits for requests of watchers.
    case open(RunStatus)
    case closed(RunStatus)
    /// The engine died.
    case interrupted
  }

  public let run: String
  /// The shortest unambiguous prefix of the id.
  public let shortID: String
  public let name: String
  public let workflowPath: String
  /// Milliseconds since 1970.
  public let startedAt: Int
  public let condition: Condition
  /// `nil` if unknown.
  public let counts: TaskCounts?
  /// Where its engine runs, or ran last.
  public let host: String?
  /// Whether its Redis answers or can be started.
  public let canBeShown: Bool

  public init(
    run: String, shortID: String, name: String, workflowPath: String, startedAt: Int,
    condition: Condition, counts: TaskCounts?, host: String? = nil, canBeShown: Bool
  ) {
    self.run = run
    self.shortID = shortID
    self.name = name
    self.workflowPath = workflowPath
    self.startedAt = startedAt
    self.condition = condition
    self.counts = counts
    self.host = host
    self.canBeShown = canBeShown
  }
}

extension RunEntry.Condition {
  var isLive: Bool {
    switch self {
    case .running, .paused, .open: true
    case .closed, .interrupted: false
    }
  }

  var word: String {
    switch self {
    case .running: "running"
    case .paused: "paused"
    case .open(let status): "\(status.word), open"
    case .closed(let status): status.word
    case .interrupted: "interrupted"
    }
  }

  var appearance: TaskAppearance {
    switch self {
    case .running: .running
    case .paused: .held
    case .interrupted: .lost
    case .open(let status), .closed(let status): TaskAppearance(status)
    }
  }
}
