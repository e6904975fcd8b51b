import Posix
import Redis

/// How long an executor bears with a Redis that is away.
struct Patience {
  /// At the start, when a wrong URL is likelier than a passing trouble: milliseconds.
  static let atStart = 10_000
  /// A thousand executors do not come at once, and none asks a Redis that is away all the time.
  static let backoff = Backoff(first: 100, longest: 5000)
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
    var backoff = Patience.backoff
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
