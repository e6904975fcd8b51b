import Posix
import Redis
import TestSupport
import Testing

/// Real sentinels that watch a master and a replica.
@Suite(.timeLimit(.minutes(3))) final class SentinelTests {
  private let directory: String

  init() throws { directory = try Files.makeTemporaryDirectory(prefix: "hflow-sentinel-test-") }

  deinit { Files.removeTree(directory) }

  private func port(_ connection: RedisConnection) throws -> Int? {
    try connection.call(RedisCommand("CONFIG", "GET", "port")).array?.last?.integer
  }

  @Test func `the master is found, also when the first sentinels are away`() throws {
    let set = try SentinelSet(in: directory)
    let redis = try RedisConnection.connect(set.url, withinMilliseconds: 30_000)
    #expect(try port(redis) == set.ports[0])
    guard case .sentinel(var sentinels) = set.url.endpoint else { return }
    sentinels.addresses.insert(.init(host: "127.0.0.1", port: 1), at: 0)
    let other = try RedisConnection(RedisURL(.sentinel(sentinels)))
    #expect(try port(other) == set.ports[0])
  }

  @Test func `after a failover a client finds the new master`() async throws {
    let set = try SentinelSet(in: directory)
    let url = set.url
    let first = try RedisConnection.connect(url, withinMilliseconds: 30_000)
    let client = RedisClient(url)
    #expect(try await client.call(RedisCommand("SET", "a", "1"), retry: .always).string == "OK")
    try await failOver(set, first)
    let reply = try await client.call(RedisCommand("SET", "b", "2"), retry: .always)
    #expect(reply.string == "OK")
    let now = try RedisConnection.connect(url, withinMilliseconds: 30_000)
    #expect(try port(now) == set.ports[1])
    #expect(try now.call(RedisCommand("GET", "a")).string == "1")
    #expect(try now.call(RedisCommand("GET", "b")).string == "2")
    await client.close()
  }

  @Test func `a master that became a replica is left at once`() async throws {
    let set = try SentinelSet(in: directory)
    let first = try RedisConnection.connect(set.url, withinMilliseconds: 30_000)
    let client = RedisClient(set.url)
    try await client.connect()
    // Nobody closes the client's connection: only READONLY tells it.
    _ = try await client.call(RedisCommand("SET", "a", 1), retry: .always)
    _ = try first.call(RedisCommand("REPLICAOF", "127.0.0.1", 1))
    await #expect(throws: RedisError.self) { try await client.call(RedisCommand("SET", "a", 1)) }
    let refused = #expect(throws: RedisError.self) { try RedisConnection(set.url) }
    #expect(refused?.code == .connect)
    #expect(refused?.message.contains("no master yet, but a slave") == true)
    _ = try first.call(RedisCommand("REPLICAOF", "NO", "ONE"))
    let reply = try await client.call(RedisCommand("SET", "a", "1"), retry: .always)
    #expect(reply.string == "OK")
    await client.close()
  }

  @Test func `sentinels and servers have logins of their own`() throws {
    let set = try SentinelSet(
      in: directory, sentinelLines: ["requirepass watching"], password: "working")
    var url = set.url
    url.password = "working"
    url.sentinelPassword = "watching"
    _ = try RedisConnection.connect(url, withinMilliseconds: 30_000)
    url.sentinelPassword = nil
    let error = #expect(throws: RedisError.self) { try RedisConnection(url) }
    #expect(error?.code == .server)
    #expect(error?.kind == .refused)
    #expect(error?.description.contains("?sentinel-user=…&sentinel-password=…") == true)
  }

  @Test func `sentinels that do not answer are named in one line`() throws {
    let url = try RedisURL(parsing: "redis+sentinel://127.0.0.1:1,127.0.0.1:2/jobs")
    let error = #expect(throws: RedisError.self) { try RedisConnection(url) }
    let text = error?.description ?? ""
    #expect(error?.code == .connect)
    #expect(text.contains("no sentinel names the master (redis://127.0.0.1:1: "))
    #expect(text.contains("; redis://127.0.0.1:2: "))
    #expect(!text.contains("\n"))
  }

  @Test func `a master that nobody watches is a mistake`() throws {
    let set = try SentinelSet(in: directory)
    _ = try RedisConnection.connect(set.url, withinMilliseconds: 30_000)
    guard case .sentinel(var sentinels) = set.url.endpoint else { return }
    sentinels.master = "other"
    let url = RedisURL(.sentinel(sentinels))
    let error = #expect(throws: RedisError.self) { try RedisConnection(url) }
    #expect(error?.code == .server)
    #expect(error?.message.contains("watches no master other") == true)
  }

  /// Returns when the replica has become the master.
  private func failOver(_ set: SentinelSet, _ master: RedisConnection) async throws {
    let sentinel = RedisClient(
      RedisURL(.tcp(host: "127.0.0.1", port: set.sentinelPorts[0])))
    let deadline = Clock.monotonicMilliseconds + 60_000
    // It is refused until the sentinel knows the replica.
    while true {
      let replies = try await sentinel.run([
        RedisCommand("SENTINEL", "FAILOVER", SentinelSet.master)
      ])
      if replies[0].string == "OK" { break }
      try #require(Clock.monotonicMilliseconds < deadline)
      try await Task.sleep(for: .milliseconds(50))
    }
    while true {
      let reply = try await sentinel.call(
        RedisCommand("SENTINEL", "get-master-addr-by-name", SentinelSet.master))
      if reply.array?.last?.string == "\(set.ports[1])" { break }
      try #require(Clock.monotonicMilliseconds < deadline)
      try await Task.sleep(for: .milliseconds(50))
    }
    await sentinel.close()
  }
}
