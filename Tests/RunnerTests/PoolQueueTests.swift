import JobProtocol
import Redis
import TestSupport
import Testing

@testable import Runner

/// How messages are removed from a pool's queue, against a real server.
@Suite struct PoolQueueTests {
  private let server: RedisServer
  private let redis: RedisClient
  private let run = RedisServer.newRun()
  private let keys: PoolKeys

  init() throws {
    server = try RedisServer()
    redis = server.client()
    keys = PoolKeys(run.text)
  }

  private func lease(_ token: String = "engine") async throws -> LeasedRedis {
    try await Journal(run: run, redis: redis, token: token, leaseMilliseconds: 3_600_000)
      .takeLease()
    return LeasedRedis(run: run, token: token, redis: redis, leaseMilliseconds: 3_600_000)
  }

  private func message(_ number: Int) -> [UInt8] { Array("message \(number)".utf8) }

  private func queued(_ number: Int) -> QueuedMessage { QueuedMessage(message(number)) }

  private func push(_ numbers: ClosedRange<Int>) async throws {
    _ = try await redis.call(RedisCommand(["LPUSH", keys.queue] + numbers.map(message)))
  }

  /// The oldest first.
  private func list(_ key: String) async throws -> [[UInt8]] {
    let reply = try await redis.call(RedisCommand("LRANGE", key, 0, -1))
    return (reply.array ?? []).compactMap(\.bytes).reversed()
  }

  /// How often the server has run a command, scripts included.
  private func calls(of command: String) async throws -> Int {
    let text = try await redis.call(RedisCommand("INFO", "commandstats")).string ?? ""
    let line = text.split(separator: "\r\n").first { $0.hasPrefix("cmdstat_\(command):") }
    let count = line?.drop { $0 != "=" }.dropFirst().prefix { $0 != "," }
    return count.flatMap { Int($0) } ?? 0
  }

  @Test(arguments: [1, 16, 17, 2500])
  func `removed messages are returned, and the rest keeps its order`(count: Int) async throws {
    var queue = PoolQueue(keys, try await lease())
    try await push(1...3000)
    let wanted = (0..<count).map { message(1 + $0 * 3000 / count) }
    let found = try await queue.remove((wanted + [message(9999)]).map(QueuedMessage.init))
    #expect(found == Array(repeating: true, count: count) + [false])
    #expect(
      try await list(keys.queue) == (1...3000).map(message).filter { !Set(wanted).contains($0) })
    #expect(try await list(keys.paused).isEmpty)
  }

  @Test func `messages can be removed in any order`() async throws {
    var queue = PoolQueue(keys, try await lease())
    try await push(1...300)
    let wanted = (1...400).filter { $0 % 3 != 0 }.shuffled()
    let found = try await queue.remove(wanted.map(queued))
    #expect(found == wanted.map { $0 <= 300 })
    #expect(try await list(keys.queue) == (1...300).filter { $0 % 3 == 0 }.map(message))
  }

  @Test(arguments: [3, 1500])
  func `the queue of a paused run stays set aside`(count: Int) async throws {
    var queue = PoolQueue(keys, try await lease())
    try await push(1...2000)
    try await queue.pause(true)
    #expect(try await list(keys.queue).isEmpty)
    let found = try await queue.remove((1...count).map(queued))
    #expect(found == Array(repeating: true, count: count))
    #expect(try await list(keys.queue).isEmpty)
    #expect(try await list(keys.paused) == ((count + 1)...2000).map(message))
    try await queue.pause(false)
    #expect(try await list(keys.queue) == ((count + 1)...2000).map(message))
  }

  @Test func `messages that a worker has taken are not returned as removed`() async throws {
    var queue = PoolQueue(keys, try await lease())
    try await push(1...100)
    for _ in 1...3 { _ = try await redis.call(RedisCommand("RPOP", keys.queue)) }
    let found = try await queue.remove((1...100).map(queued))
    #expect(found == (1...100).map { $0 > 3 })
  }

  @Test func `many messages are not searched one by one`() async throws {
    var queue = PoolQueue(keys, try await lease())
    try await push(1...5000)
    _ = try await redis.call(RedisCommand("CONFIG", "RESETSTAT"))
    #expect(
      try await queue.remove((1...5000).map(queued)) == Array(repeating: true, count: 5000))
    #expect(try await calls(of: "lrem") == 0)
    #expect(try await calls(of: "evalsha") <= 10, "slices of a thousand")
  }

  @Test func `messages put back while the queue is set aside come first`()
    async throws
  {
    var queue = PoolQueue(keys, try await lease())
    try await push(5...9)
    try await queue.pause(true)
    _ = try await redis.call(RedisCommand("RPUSH", keys.queue, message(4)))
    try await queue.pause(false)
    #expect(try await list(keys.queue) == (4...9).map(message))
  }

  @Test func `a step whose answer was lost is not executed twice`() async throws {
    let lease = try await lease()
    try await push(1...4)
    let keys = [keys.queue, keys.paused, keys.withdrawal]
    for _ in 1...2 {
      try await lease.call(PoolScripts.removeByScan, keys: keys, arguments: [1, "10"])
    }
    #expect(try await list(self.keys.queue) == [message(3), message(4)])
    #expect(try await list(self.keys.paused) == [message(1)])
    for _ in 1...2 {
      let found = try await lease.call(
        PoolScripts.remove, keys: keys, arguments: [2, message(3), message(8)])
      #expect(found.string == "10")
    }
  }

  @Test func `a replaced engine withdraws nothing and sends no order`() async throws {
    let former = try await lease("former")
    try await push(1...20)
    _ = try await redis.call(RedisCommand("DEL", RunKeys(run).lease))
    _ = try await lease("successor")
    // Also once the successor's own lease has run out.
    for _ in 1...2 {
      var queue = PoolQueue(keys, former)
      await #expect(throws: RedisError.self) { try await queue.remove([queued(1)]) }
      await #expect(throws: RedisError.self) {
        try await queue.remove((1...20).map(queued))
      }
      let orders = OrderPublisher(channel: keys.orders, key: nil, redis: former)
      await #expect(throws: RedisError.self) { try await orders.send(slots: 9, key: keys.slots) }
      _ = try await redis.call(RedisCommand("DEL", RunKeys(run).lease))
    }
    #expect(try await list(keys.queue) == (1...20).map(message))
    #expect(try await redis.call(RedisCommand("EXISTS", keys.slots)).integer == 0)
  }
}
