/// The state of a replay.
public struct ReplayState: Sendable, Equatable {
  /// Milliseconds since 1970, on the clock of the events.
  public var position: Int
  /// From the first event to the last.
  public var range: ClosedRange<Int>
  /// Seconds of the run for each second of real time.
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

/// Requests to a replay.
public enum ReplayRequest: Sendable, Equatable {
  /// Pauses or continues; at the end, starts again.
  case pause
  case speed(Double)
  /// To a time in milliseconds since 1970, limited to the range.
  case seek(Int)
}
