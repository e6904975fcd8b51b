public import JobProtocol
import Redis

extension RunWatcher {
  /// How often the health of the workers is read while somebody looks at it.
  static let healthMilliseconds = 5_000

  /// Delivers what the run's workers last said of themselves, now and every few seconds, until the
  /// task is cancelled. Those that said nothing for too long are not among them.
  public func watchWorkers(_ deliver: @Sendable ([WorkerHealth]) -> Void) async {
    // Redis that is away for a while is told of elsewhere.
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
