/// The pauses between attempts, doubled after each failure.
struct RestartPause: Equatable, Sendable {
  private(set) var failures = 0
  let first: Int
  let longest: Int

  init(first: Int = 1000, longest: Int = 30_000) {
    self.first = first
    self.longest = longest
  }

  /// The next pause in milliseconds; doubled each time.
  mutating func next() -> Int {
    defer { failures += 1 }
    return min(longest, first << min(failures, 16))
  }

  mutating func succeeded() { failures = 0 }
}
