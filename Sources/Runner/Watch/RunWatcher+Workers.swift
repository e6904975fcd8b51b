public import JobProtocol
import Redis

extension RunWatcher {
  /// How often the health of the workers is read while a screen shows it.
  static let healthMilliseconds = 5_000

  /// Delivers the latest heartbeats of the run's workers, now and every few seconds, until the task
  /// is cancelled. Workers whose heartbeat has expired are left out.
  public func watchWorkers(_ deliver: @Sendable ([WorkerHealth]) -> Void) async {
    // Outages of Redis are reported elsewhere.
    for await _ in Ticker.ticks(every: Self.healthMilliseconds) {
      if let health = try? await health() { deliver(health) }
    }
  }

  private func health() async throws(RedisError) -> [WorkerHealth] {
    let pool = PoolKeys(run.text)
    let names = try await redis.call(RedisCommand("SMEMBERS", pool.workers), retry: .always)
    let keys = (names.array ?? []).compactMap(\.string).sorted().map(pool.alive)
    if keys.isEmpty { return [] }
    let values = try await redis.call(RedisCommand(["MGET"] + keys), retry: .always)
    return (values.array ?? []).compactMap { $0.bytes.flatMap(WorkerHealth.init(parsing:)) }
  }
}
