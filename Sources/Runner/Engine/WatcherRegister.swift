import JobProtocol
import Posix
import Redis

/// Who watches a run: a sorted set of ids by the time at which they count as gone. A watcher that
/// was killed is forgotten by itself.
public struct WatcherRegister: Sendable {
  /// How long a watcher counts without a sign of life.
  public static let lifeMilliseconds = 15_000
  /// How often a watcher gives one.
  public static let signMilliseconds = 5_000
  /// How often an engine that has nothing else to do looks who is still there.
  static let lookMilliseconds = 5_000

  private let key: String
  private let redis: RedisClient

  init(run: RunID, redis: RedisClient) {
    key = RunKeys(run).watchers
    self.redis = redis
  }

  /// Says that a watcher is there.
  func sign(_ watcher: String) -> RedisCommand {
    RedisCommand("ZADD", key, Clock.steadyMilliseconds + Self.lifeMilliseconds, watcher)
  }

  func areThere() async throws(RedisError) -> Bool {
    let reply = try await redis.call(
      RedisCommand("ZCOUNT", key, Clock.steadyMilliseconds, "+inf"), retry: .always)
    return (reply.integer ?? 0) > 0
  }
}
