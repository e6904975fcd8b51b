/// Where a run that is shown again stands.
public struct ReplayState: Sendable, Equatable {
  /// Milliseconds since 1970, as the run's events count them.
  public var position: Int
  /// From the run's first event to its last.
  public var range: ClosedRange<Int>
  /// How many seconds of the run go by in one of ours.
  public var speed: Double
  public var isPaused: Bool

  public init(position: Int, range: ClosedRange<Int>, speed: Double, isPaused: Bool = false) {
    self.position = position
    self.range = range
    self.speed = speed
    self.isPaused = isPaused
  }

  public var length: Int { range.upperBound - range.lowerBound }
  public var elapsed: Int { position - range.lowerBound }
  public var isAtEnd: Bool { position >= range.upperBound }
}

/// What a person asks of a replay.
public enum ReplayRequest: Sendable, Equatable {
  /// Stops the time, or lets it go on; at the end from the beginning.
  case pause
  case speed(Double)
  /// To a moment, in milliseconds since 1970; beyond the ends means the ends.
  case seek(Int)
}
