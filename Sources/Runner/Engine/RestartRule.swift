/// When the run's own Redis is restarted, and when the engine gives up on it.
///
/// | the server | then |
/// |---|---|
/// | ends after a second or more | it is restarted at once |
/// | ends earlier, or does not start | it is restarted after a pause: 0.1 s, doubled up to 5 s |
/// | fails like this for half a minute | the engine gives up |
///
/// The number of restarts does not matter: if somebody kills the server every few seconds, the run
/// continues. Times are in milliseconds.
struct RestartRule {
  static let sound = 1000
  static let giveUpMilliseconds = 30_000
  static let longestPause = 5000
  private static let firstPause = 100

  private var startedAt: Int?
  private var troubledSince: Int?
  private var lastPause: Int?

  mutating func started(at now: Int) { startedAt = now }

  /// The server has ended, or could not be started. Returns the pause before the next start; `nil`
  /// to give up.
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
    guard now - since < Self.giveUpMilliseconds else { return nil }
    let pause = min(Self.longestPause, lastPause.map { $0 * 2 } ?? Self.firstPause)
    lastPause = pause
    return pause
  }
}
