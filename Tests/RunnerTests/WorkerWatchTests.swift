import JSONValue
import JobProtocol
import Redis
import TestSupport
import Testing

@testable import Runner
@testable import Runs

/// What a watcher gets about the workers of its run, from a real Redis.
struct WorkerWatchTests {
  private func health(_ name: String, busy: Int) -> WorkerHealth {
    WorkerHealth(
      executor: ExecutorIdentity(name: name, host: "node-a", pid: 1), slots: 4, busy: busy,
      loadPercent: 150)
  }

  @Test func `living workers are reported in order, others are left out`() async throws {
    let server = try RedisServer()
    let run = RunID(randomBits: 7)
    let keys = PoolKeys(run.text)
    let redis = RedisClient(server.url)
    for name in ["node-b/2", "node-a/1"] {
      _ = try await redis.call(
        RedisCommand("SET", keys.alive(name), health(name, busy: 3).json.text))
    }
    for name in ["node-b/2", "node-a/1", "gone/3"] {
      _ = try await redis.call(RedisCommand("SADD", keys.workers, name))
    }
    let watcher = RunWatcher(run: run, url: server.url, id: "test")
    let (updates, continuation) = AsyncStream.makeStream(of: [WorkerHealth].self)
    let watching = Task { await watcher.watchWorkers { continuation.yield($0) } }
    var first: [WorkerHealth]?
    for await health in updates {
      first = health
      break
    }
    watching.cancel()
    #expect(first == [health("node-a/1", busy: 3), health("node-b/2", busy: 3)])
    await redis.close()
    await watcher.disconnect()
  }
}
