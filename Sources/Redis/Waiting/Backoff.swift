/// Growing pauses between attempts, with jitter, so that many clients do not come back at once.
struct Backoff {
  private var ceiling = 20
  private let longest = 1000

  /// Milliseconds to wait now: between half of the present ceiling and all of it.
  mutating func next() -> Int {
    defer { ceiling = min(longest, ceiling * 2) }
    return Int.random(in: ceiling / 2...ceiling)
  }
}
