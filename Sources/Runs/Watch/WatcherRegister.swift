package import JobProtocol
import Posix
package import Redis

/// The watchers of a run: a sorted set of their ids, scored by the time at which they count as
/// gone. So a watcher that was killed expires by itself.
public struct WatcherRegister: Sendable {
  /// How long a watcher counts without a heartbeat.
  public static let lifetimeMilliseconds = 15_000
  /// How often a watcher sends a heartbeat.
  public static let heartbeatMilliseconds = 5_000
  /// How often the engine of a settled run checks whether watchers are left.
  package static let checkMilliseconds = 5_000

  private let key: String
  private let redis: RedisClient

  package init(run: RunID, redis: RedisClient) {
    key = RunKeys(run).watchers
    self.redis = redis
  }

  /// The heartbeat of a watcher.
  package func heartbeatCommand(of watcher: String) -> RedisCommand {
    RedisCommand("ZADD", key, Clock.steadyMilliseconds + Self.lifetimeMilliseconds, watcher)
  }

  package func hasAny() async throws(RedisError) -> Bool {
    let reply = try await redis.call(
      RedisCommand("ZCOUNT", key, Clock.steadyMilliseconds, "+inf"), retry: .always)
    return (reply.integer ?? 0) > 0
  }
}
