/// When the run's own Redis is started again, and when that is given up.
///
/// | what happens | then |
/// |---|---|
/// | it ends after a second or more | it is started at once |
/// | it ends earlier, or does not start | it is started after a pause: 0.1 s, doubled up to 5 s |
/// | that goes on for half a minute | it is given up |
///
/// How often it has ended does not matter: somebody may end it every few seconds, and the run goes
/// on. Times are in milliseconds.
struct RestartRule {
  static let sound = 1000
  static let patience = 30_000
  static let longestPause = 5000
  private static let firstPause = 100

  private var startedAt: Int?
  private var troubledSince: Int?
  private var lastPause: Int?

  mutating func started(at now: Int) { startedAt = now }

  /// It has ended, or could not be started. Returns the pause before the next start; `nil` gives
  /// up.
  mutating func failed(at now: Int) -> Int? {
    let lived = startedAt.map { now - $0 >= Self.sound } ?? false
    startedAt = nil
    if lived {
      troubledSince = nil
      lastPause = nil
      return 0
    }
    let since = troubledSince ?? now
    troubledSince = since
    guard now - since < Self.patience else { return nil }
    let pause = min(Self.longestPause, lastPause.map { $0 * 2 } ?? Self.firstPause)
    lastPause = pause
    return pause
  }
}
