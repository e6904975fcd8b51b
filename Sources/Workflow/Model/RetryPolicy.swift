/// `config.retry` of a process: when a failed attempt is retried automatically.
public struct RetryPolicy: Sendable, Equatable {
  /// The number of attempts in total, including manual ones, but without those for which there is
  /// a budget; 1 or less means no retry.
  public var attempts: Int
  /// Seconds before the first retry.
  public var delay: Double
  /// The factor of each further delay.
  public var factor: Double
  /// The longest delay in seconds; `nil` for no limit.
  public var maxDelay: Double?
  /// The random variation of a delay, as a fraction: 0.1 is up to 10 % up or down.
  public var jitter: Double
  /// The causes that are retried; `nil` for every cause that a retry may fix.
  public var causes: [Cause]?
  public var budgets = Budgets()
  /// By which factors the next attempt asks for more memory after one that ran out of memory, and
  /// for more time after one that timed out.
  public var grow: ResourceGrowth?

  /// How many retries follow attempts that ended for causes other than the application's own; `nil`
  /// leaves memory and time to `attempts`, and the infrastructure to the engine.
  public struct Budgets: Sendable, Equatable {
    public var memory: Int?
    public var time: Int?
    public var infrastructure: Int?

    public init() {}
  }

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
  /// `notFound`, `image`, `container`, `file`, `error`.
  public struct Cause: Sendable, Hashable {
    /// The name of the cause.
    public let word: String
    /// The exit code or signal; `nil` for any.
    public let number: Int?

    public static let words = [
      "exit", "signal", "oom", "timeout", "lost", "notFound", "image", "container", "file", "error",
    ]

    /// `nil` if the text does not name a cause.
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

  /// What an attempt asks for after so many that ran out of memory and of time.
  public func growth(afterMemory memory: Int, time: Int) -> ResourceGrowth {
    var growth = ResourceGrowth.one
    guard let grow else { return growth }
    for _ in 0..<min(memory, 64) { growth.grow(memory: grow.memory) }
    for _ in 0..<min(time, 64) { growth.grow(time: grow.time) }
    return growth
  }

  /// Seconds before retry `number` (from 1); `chance` is in 0..<1.
  public func delay(beforeRetry number: Int, chance: Double) -> Double {
    var seconds = delay
    for _ in 1..<max(1, min(number, 64)) { seconds *= factor }
    seconds = min(seconds, maxDelay ?? .infinity, 365 * 86_400)
    return max(0, seconds * (1 + jitter * (2 * chance - 1)))
  }
}
