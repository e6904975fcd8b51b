/// `config.retry` of a process: when a failed attempt is made again by itself.
public struct RetryPolicy: Sendable, Equatable {
  /// In total, the first included, whoever made them; 1 or less never makes another.
  public var attempts: Int
  /// Seconds before the first retry.
  public var delay: Double
  /// What the delay is multiplied with from each retry to the next.
  public var factor: Double
  /// No delay is longer, in seconds; `nil` for no limit.
  public var maxDelay: Double?
  /// How far chance moves a delay, as a part of it: 0.1 is up to 10 % up or down.
  public var jitter: Double
  /// Causes that are retried; `nil`: every cause that another attempt may mend.
  public var causes: [Cause]?

  public init(
    attempts: Int = 3, delay: Double = 0, factor: Double = 2, maxDelay: Double? = nil,
    jitter: Double = 0, causes: [Cause]? = nil
  ) {
    self.attempts = attempts
    self.delay = delay
    self.factor = factor
    self.maxDelay = maxDelay
    self.jitter = jitter
    self.causes = causes
  }

  /// An element of `on`: `exit`, `exit:75`, `signal`, `signal:11`, `oom`, `timeout`, `lost`,
  /// `notFound`, `error`.
  public struct Cause: Sendable, Hashable {
    /// The word of the cause.
    public let word: String
    /// The exit code or signal that it is about; `nil` for any.
    public let number: Int?

    public static let words = ["exit", "signal", "oom", "timeout", "lost", "notFound", "error"]

    /// `nil` for what names no cause.
    public init?(_ text: String) {
      let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard let first = parts.first.map(String.init), Self.words.contains(first) else { return nil }
      word = first
      if parts.count == 1 {
        number = nil
      } else {
        guard first == "exit" || first == "signal", let value = Int(parts[1]),
          (1...255).contains(value)
        else { return nil }
        number = value
      }
    }
  }

  /// Seconds before retry `number` (from 1); `chance` is in 0..<1.
  public func delay(beforeRetry number: Int, chance: Double) -> Double {
    var seconds = delay
    for _ in 1..<max(1, min(number, 64)) { seconds *= factor }
    seconds = min(seconds, maxDelay ?? .infinity, 365 * 86_400)
    return max(0, seconds * (1 + jitter * (2 * chance - 1)))
  }
}
