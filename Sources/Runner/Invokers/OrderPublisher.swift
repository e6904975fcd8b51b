import JobProtocol
import Posix
import Redis
import Signing

/// Gives orders to executors, signed where there is a key.
///
/// Orders leave in the order in which they were given, one step after the other, and only as long
/// as the engine holds the run's lease: one that was replaced cannot undo what its successor has
/// ordered.
struct OrderPublisher: Sendable {
  let channel: String
  let key: SigningKey?
  let redis: LeasedRedis

  /// Nobody obeys an order that is older.
  private static let lifeMilliseconds = 60_000

  func send(_ order: ExecutorOrder) async throws(RedisError) {
    try await redis.perform([command(for: order)])
  }

  /// The number of slots is also kept, for workers that come later.
  func send(slots count: Int, key: String) async throws(RedisError) {
    try await redis.perform([
      RedisCommand("SET", key, count),
      command(for: .slots(worker: ExecutorOrder.everyWorker, count)),
    ])
  }

  /// Ends jobs: those that executors have, and those that they have not started yet.
  func cancel(_ jobs: [JobID]) async throws(RedisError) {
    let set = RunKeys(redis.run).cancelled
    try await redis.perform(
      jobs.map { RedisCommand("SADD", set, "\($0)") }
        + jobs.map { command(for: .cancel(job: "\($0)")) })
  }

  /// For a commit, which checks the lease itself.
  func command(for order: ExecutorOrder) -> RedisCommand {
    guard let key else { return RedisCommand("PUBLISH", channel, order.text) }
    let nonce = String(UInt64.random(in: .min ... .max), radix: 36)
    let text = key.sign(
      order: order, channel: channel, expires: Clock.wallMilliseconds + Self.lifeMilliseconds,
      nonce: nonce)
    return RedisCommand("PUBLISH", channel, text)
  }
}
