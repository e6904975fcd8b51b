/// Growing pauses between attempts, with jitter, so that many clients do not come back at once.
public struct Backoff: Sendable {
  private var ceiling: Int
  private let longest: Int

  /// In milliseconds: each pause may be twice as long as the one before.
  public init(first: Int = 20, longest: Int = 1000) {
    ceiling = first
    self.longest = longest
  }

  /// Milliseconds to wait now: between half of the present ceiling and all of it.
  public mutating func next() -> Int {
    defer { ceiling = min(longest, ceiling * 2) }
    return Int.random(in: ceiling / 2...ceiling)
  }
}
