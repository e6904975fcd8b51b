/// Growing pauses between attempts, with jitter, so that clients do not reconnect at the same
/// time.
public struct Backoff: Sendable {
  private var ceiling: Int
  private let longest: Int

  /// In milliseconds; each pause may be twice the previous one.
  public init(first: Int = 20, longest: Int = 1000) {
    ceiling = first
    self.longest = longest
  }

  /// The next pause: between half of the current limit and all of it.
  public mutating func next() -> Int {
    defer { ceiling = min(longest, ceiling * 2) }
    return Int.random(in: ceiling / 2...ceiling)
  }
}
