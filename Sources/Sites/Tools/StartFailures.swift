/// Counts workers in a row that failed to start, and decides how long the next ones wait.
struct StartFailures {
  private var count = 0
  private var pause = RestartPause(first: 30_000, longest: 600_000)

  /// A worker that fails sooner than this, in milliseconds, has failed to start.
  static let shortLife = 10_000
  private static let allowed = 3

  /// The delay in milliseconds after a submission that the infrastructure refused.
  mutating func nextPause() -> Int { pause.next() }

  mutating func succeeded() { count = 0 }

  /// Counts one more. After the third in a row, returns how many milliseconds the next workers
  /// wait, and a notice that says so.
  mutating func add(_ reason: String, at site: String) -> (pause: Int, notice: String)? {
    count += 1
    guard count >= Self.allowed else { return nil }
    count = 0
    let milliseconds = pause.next()
    return (
      milliseconds,
      "site \(site): \(Self.allowed) workers ended as soon as they started (\(reason)); the next "
        + "ones are submitted in \(milliseconds / 1000) s"
    )
  }
}
