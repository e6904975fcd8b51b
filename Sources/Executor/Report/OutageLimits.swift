import Posix
import Redis

/// How long an executor waits for a Redis that does not answer.
struct OutageLimits {
  /// The limit at the start, when the URL may be wrong, in milliseconds.
  static let atStart = 10_000
  /// Spreads the reconnects of many executors.
  static let backoff = Backoff(first: 100, longest: 5000)
  /// The limit later, without jobs, in milliseconds.
  let withoutJobs: Int

  init() {
    let seconds = Environment["HFLOW_GIVE_UP_AFTER"].flatMap { Double($0) } ?? 600
    withoutJobs = Int(max(0, min(seconds, 1e9)) * 1000)
  }

  /// The error with which to give up; `nil` while there is time.
  func exhausted(by link: RedisLink, now: Int) -> RedisError? {
    guard let since = link.lostSince, now - since >= withoutJobs else { return nil }
    return link.lastError ?? RedisError(.connect, "cannot be reached", at: link.url.description)
  }

  /// The first connection of an executor. Refusals (login, database) are final.
  static func connect(_ url: RedisURL) throws(RedisError) -> RedisConnection {
    let deadline = Clock.monotonicMilliseconds + min(atStart, OutageLimits().withoutJobs)
    var backoff = OutageLimits.backoff
    while true {
      do {
        return try RedisConnection(url)
      } catch {
        let pause = backoff.next()
        guard error.code == .connect, Clock.monotonicMilliseconds + pause < deadline else {
          throw error
        }
        _ = Poll.wait(for: -1, 0, milliseconds: pause)
      }
    }
  }
}
