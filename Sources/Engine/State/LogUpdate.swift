public import JobProtocol
public import Workflow

/// Further output of one attempt, in the order in which it was written. A chunk may be repeated;
/// the receiver drops it with a `ChunkOrder`.
public struct LogUpdate: Sendable, Equatable {
  public var attempt: AttemptID
  public var chunks: [LogChunk]
  /// Whether Redis no longer has the attempt's first chunks. The log file has them.
  public var isTruncated: Bool
  /// A remark to show before the chunks, on a line of its own.
  public var remark: String?
  /// Whether the times of the lines are unknown.
  public var isUntimed: Bool

  public init(
    attempt: AttemptID, chunks: [LogChunk], isTruncated: Bool = false, remark: String? = nil,
    isUntimed: Bool = false
  ) {
    self.attempt = attempt
    self.chunks = chunks
    self.isTruncated = isTruncated
    self.remark = remark
    self.isUntimed = isUntimed
  }
}

/// The output that a screen or command follows.
public enum LogSubscription: Sendable, Equatable {
  /// The output of these attempts, from the beginning.
  case attempts([AttemptID])
  /// New output of these processes (`nil`: all), and before it the recent output of the attempts
  /// of the backlog, together in the order of time.
  case processes(Set<ProcessID>?, backlog: [AttemptID])
}
