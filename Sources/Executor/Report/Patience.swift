import Posix
import Redis

/// How long an executor bears with a Redis that is away.
struct Patience {
  /// At the start, when a wrong URL is likelier than a passing trouble: milliseconds.
  static let atStart = 10_000
  /// Later, without jobs: milliseconds.
  let withoutJobs: Int

  init() {
    let seconds = Environment["HFLOW_GIVE_UP_AFTER"].flatMap { Double($0) } ?? 600
    withoutJobs = Int(max(0, min(seconds, 1e9)) * 1000)
  }

  /// The error with which to give up, once it is time.
  func exhausted(by link: RedisLink, now: Int) -> RedisError? {
    guard let since = link.lostSince, now - since >= withoutJobs else { return nil }
    return link.lastError ?? RedisError(.connect, "cannot be reached", at: link.url.description)
  }

  /// The connection with which an executor begins. Refusals (login, database) are final at once.
  static func connect(_ url: RedisURL) throws(RedisError) -> RedisConnection {
    let deadline = Clock.monotonicMilliseconds + min(atStart, Patience().withoutJobs)
    var backoff = Backoff()
    while true {
      do {
        return try RedisConnection(url)
      } catch {
        let now = Clock.monotonicMilliseconds
        backoff.failed(now: now)
        guard error.code == .connect, backoff.retryAt < deadline else { throw error }
        _ = Poll.wait(for: -1, 0, milliseconds: backoff.retryAt - now)
      }
    }
  }
}
