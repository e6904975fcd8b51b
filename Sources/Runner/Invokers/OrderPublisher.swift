import JobProtocol
import Posix
import Redis
import Signing

/// Sends orders to executors, signed if there is a key.
///
/// Orders are sent in sequence, and only while the engine holds the run's lease, so that an engine
/// that was replaced cannot undo what its successor has ordered.
struct OrderPublisher: Sendable {
  let channel: String
  let key: SigningKey?
  let redis: LeasedRedis

  /// Executors ignore signed orders that are older.
  static let lifetimeMilliseconds = 60_000

  func send(_ order: ExecutorOrder) async throws(RedisError) {
    try await redis.perform([command(for: order)])
  }

  /// Orders a number of slots, and stores it for workers that join later.
  func send(slots count: Int, key: String) async throws(RedisError) {
    try await redis.perform([
      RedisCommand("SET", key, count),
      command(for: .slots(worker: ExecutorOrder.everyWorker, count)),
    ])
  }

  /// Cancels jobs, whether executors have them or have not taken them yet.
  func cancel(_ jobs: [JobID]) async throws(RedisError) {
    let set = RunKeys(redis.run).cancelled
    try await redis.perform(
      jobs.map { RedisCommand("SADD", set, "\($0)") }
        + jobs.map { command(for: .cancel(job: "\($0)")) })
  }

  /// The command that sends an order, for a commit, which checks the lease itself.
  func command(for order: ExecutorOrder) -> RedisCommand {
    guard let key else { return RedisCommand("PUBLISH", channel, order.text) }
    let nonce = String(UInt64.random(in: .min ... .max), radix: 36)
    let text = key.sign(
      order: order, channel: channel, expires: Clock.wallMilliseconds + Self.lifetimeMilliseconds,
      nonce: nonce)
    return RedisCommand("PUBLISH", channel, text)
  }
}

/// The notice in the journal that a worker was told to drain. The command `drain` waits for this
/// text.
public enum DrainNotice {
  public static func text(_ worker: String) -> String {
    "worker \(worker) takes no more jobs and leaves after those it has"
  }
}
