import Glibc
import Posix
import Redis
import Synchronization
import TestSupport
import Testing

/// Servers that refuse commands, and networks that drop all packets.
@Suite(.timeLimit(.minutes(2))) struct OutageTests {
  @Test(arguments: [
    ("LOADING Redis is loading the dataset in memory", RedisErrorKind.notReady),
    ("MASTERDOWN Link with MASTER is down", .notReady),
    ("READONLY You can't write against a read only replica.", .notReady),
    ("NOREPLICAS Not enough good replicas to write.", .notReady),
    ("UNBLOCKED force unblock from blocking operation", .notReady),
    ("BUSY Redis is busy running a script.", .notReady),
    ("ERR max number of clients reached", .notReady),
    ("ERR Error running script (call to f_1): @user_script:2: -READONLY You can't", .notReady),
    ("WRONGPASS invalid username-password pair", .refused),
    ("NOAUTH Authentication required.", .refused),
    ("NOPERM this user has no permissions to run the 'xadd' command", .refused),
    ("ERR invalid password", .refused),
    ("MISCONF Redis is configured to save RDB snapshots", .noSpace),
    ("OOM command not allowed when used memory > 'maxmemory'.", .noSpace),
    ("WRONGTYPE Operation against a key holding the wrong kind of value", .other),
    ("ERR unknown command 'READONLY '", .other),
  ])
  func `error replies are classified as passing or final`(reply: String, kind: RedisErrorKind) {
    #expect(RedisError.kind(ofReply: reply) == kind)
  }

  @Test func `a command refused for missing replicas is sent again`() async throws {
    let server = try TestServer()
    let redis = try server.connect()
    let client = RedisClient(server.url)
    try await client.connect()
    let states = client.states
    try expectOK(redis, "CONFIG", "SET", "min-replicas-to-write", "1")
    let reply = Task { try await client.call(RedisCommand("INCR", "a"), retry: .always) }
    for await state in states {
      if case .lost(let error) = state, error.message.hasPrefix("NOREPLICAS") { break }
    }
    try expectOK(redis, "CONFIG", "SET", "min-replicas-to-write", "0")
    #expect(try await reply.value.integer == 1)
    for await state in client.states where state == .connected { break }
    await client.close()
  }

  @Test func `a pipeline with one refused command is sent again`() async throws {
    let server = try TestServer()
    let redis = try server.connect()
    let client = RedisClient(server.url)
    try await client.connect()
    let states = client.states
    try expectOK(redis, "CONFIG", "SET", "min-replicas-to-write", "1")
    let commands = [RedisCommand("PING"), RedisCommand("SET", "a", 1)]
    let replies = Task { try await client.run(commands, retry: .always) }
    for await state in states {
      if case .retrying = state { break }
    }
    try expectOK(redis, "CONFIG", "SET", "min-replicas-to-write", "0")
    #expect(try await replies.value == [.status("PONG"), .status("OK")])
    await client.close()
  }

  @Test func `a command that may not run twice fails when it is refused`() async throws {
    let server = try TestServer()
    let client = RedisClient(server.url)
    try expectOK(try server.connect(), "CONFIG", "SET", "min-replicas-to-write", "1")
    let error = await #expect(throws: RedisError.self) {
      try await client.call(RedisCommand("SET", "a", 1))
    }
    #expect(error?.kind == .notReady)
    await client.close()
  }

  @Test func `a refused login is waited out after waitOutServerErrors`() async throws {
    let server = try TestServer()
    let (patient, other) = (RedisClient(server.url), RedisClient(server.url))
    try await patient.connect()
    try await other.connect()
    patient.waitOutServerErrors()
    let redis = try server.connect()
    try expectOK(redis, "CONFIG", "SET", "requirepass", "new")
    try expectOK(redis, "AUTH", "new")
    _ = try redis.call(RedisCommand("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"))
    let states = patient.states
    let reply = Task { try await patient.call(RedisCommand("INCR", "a"), retry: .always) }
    for await state in states {
      if case .lost(let error) = state, error.kind == .refused { break }
    }
    let error = await #expect(throws: RedisError.self) {
      try await other.call(RedisCommand("GET", "a"), retry: .always)
    }
    #expect(error?.kind == .refused)
    try expectOK(redis, "CONFIG", "SET", "requirepass", "")
    #expect(try await reply.value.integer == 1)
    await patient.close()
    await other.close()
  }

  @Test func `an error that does not pass is waited out only for a while`() async throws {
    let server = try TestServer()
    var options = RedisClient.Options()
    options.faultTimeoutMilliseconds = 50
    let client = RedisClient(server.url, options: options)
    try await client.call(RedisCommand("SET", "a", "text"))
    client.waitOutServerErrors()
    let error = await #expect(throws: RedisError.self) {
      try await client.call(RedisCommand("LPUSH", "a", 1), retry: .always)
    }
    #expect(error?.message.hasPrefix("WRONGTYPE") == true)
    try await client.call(RedisCommand("PING"))
    await client.close()
  }

  @Test func `a value that is too long is an error, not a lost connection`()
    async throws
  {
    let server = try TestServer()
    try expectOK(try server.connect(), "CONFIG", "SET", "proto-max-bulk-len", "1048576")
    let client = RedisClient(server.url)
    client.waitOutServerErrors()
    let error = await #expect(throws: RedisError.self) {
      try await client.call(
        RedisCommand("SET", "a", [UInt8](repeating: 1, count: 20_000_000)), retry: .always)
    }
    #expect(error?.message.contains("Protocol error") == true)
    await client.close()
  }

  @Test func `a reader that the server unblocks with an error continues`() async throws {
    let server = try TestServer()
    let redis = try server.connect()
    let reader = RedisStreamReader(server.url, streams: [("a", "0")])
    let batches = reader.makeAsyncIterator()
    try await server.waitForBlockedClient()
    let clients = try redis.call(RedisCommand("CLIENT", "LIST")).string ?? ""
    let line = try #require(clients.split(separator: "\n").first { $0.contains("cmd=xread") })
    let id = try #require(line.split(separator: " ").first?.dropFirst("id=".count))
    #expect(try redis.call(RedisCommand("CLIENT", "UNBLOCK", id, "ERROR")).integer == 1)
    _ = try redis.call(RedisCommand("XADD", "a", "*", "n", "later"))
    #expect(try await batches.next()?.map { $0.string("n") } == ["later"])
  }

  // MARK: Swallowed connections

  private static let hasty = RedisTimeouts(idleMilliseconds: 100, answerMilliseconds: 400)

  private func proxied(_ server: TestServer) throws -> (SwallowingProxy, RedisURL) {
    guard case .unix(let path) = server.url.endpoint else { throw TestServer.Missing(fact: "path") }
    let proxy = try SwallowingProxy(to: path)
    return (proxy, RedisURL(.tcp(host: "127.0.0.1", port: proxy.port)))
  }

  @Test func `a command on a dead connection is sent again on another`() async throws {
    let server = try TestServer()
    let (proxy, url) = try proxied(server)
    defer { proxy.stop() }
    var options = RedisClient.Options()
    options.answerTimeoutMilliseconds = Self.hasty.answerMilliseconds
    let client = RedisClient(url, options: options)
    try await client.call(RedisCommand("SET", "a", 1))
    proxy.swallow()
    #expect(try await client.call(RedisCommand("GET", "a"), retry: .always).integer == 1)
    #expect(proxy.connectionCount == 2)
    await client.close()
  }

  @Test func `a large reply may take longer than the answer timeout`() async throws {
    let server = try TestServer()
    let redis = try server.connect()
    _ = try redis.call(RedisCommand("SETRANGE", "key", 60_000_000, "x"))
    let connection = try server.connect()
    let replies = try connection.run([RedisCommand("GET", "key")], timeoutMilliseconds: 2000)
    #expect(replies[0].bytes?.count == 60_000_001)
  }

  @Test func `a reader on a dead connection misses nothing`() async throws {
    let server = try TestServer()
    let (proxy, url) = try proxied(server)
    defer { proxy.stop() }
    let redis = try server.connect()
    let reader = RedisStreamReader(url, streams: [("a", "0")], timeouts: Self.hasty)
    let batches = reader.makeAsyncIterator()
    _ = try redis.call(RedisCommand("XADD", "a", "*", "n", 1))
    #expect(try await batches.next()?.map { $0.string("n") } == ["1"])
    proxy.swallow()
    _ = try redis.call(RedisCommand("XADD", "a", "*", "n", 2))
    #expect(try await batches.next()?.map { $0.string("n") } == ["2"])
    #expect(proxy.connectionCount >= 2)
    reader.cancel()
    for await state in reader.states where state == .closed { break }
  }

  @Test func `a subscription on a dead connection is renewed`() async throws {
    let server = try TestServer()
    let (proxy, url) = try proxied(server)
    defer { proxy.stop() }
    let subscription = RedisSubscription(url, channels: ["logs"], timeouts: Self.hasty)
    let events = subscription.makeAsyncIterator()
    #expect(try await events.next() == .subscribed(["logs"]))
    proxy.swallow()
    guard case .lost(let error) = try await events.next() else {
      Issue.record("not noticed")
      return
    }
    #expect(error.code == .timeout)
    #expect(try await events.next() == .resubscribed)
    _ = try server.connect().call(RedisCommand("PUBLISH", "logs", "x"))
    #expect(
      try await events.next() == .message(RedisPush(channel: "logs", payload: Array("x".utf8))))
    subscription.cancel()
  }

  @Test
  func `a silent subscription stays connected`() async throws {
    let server = try TestServer()
    let timeouts = RedisTimeouts(idleMilliseconds: 5, answerMilliseconds: 20_000)
    let subscription = RedisSubscription(server.url, channels: ["logs"], timeouts: timeouts)
    let events = subscription.makeAsyncIterator()
    #expect(try await events.next() == .subscribed(["logs"]))
    try await server.wait(for: RedisCommand("INFO", "commandstats")) {
      // One from each connection's greeting, and some during the silence.
      let line = ($0.string ?? "").split(whereSeparator: \.isNewline)
        .first { $0.hasPrefix("cmdstat_ping:") }
      let count = line?.split(separator: "=")[1].prefix { $0.isNumber }
      return count.flatMap { Int($0) } ?? 0 > 8
    }
    _ = try server.connect().call(RedisCommand("PUBLISH", "logs", "x"))
    #expect(
      try await events.next() == .message(RedisPush(channel: "logs", payload: Array("x".utf8))))
    subscription.cancel()
  }

  private func expectOK(_ redis: RedisConnection, _ words: String...) throws {
    #expect(try redis.call(RedisCommand(words)).string == "OK")
  }
}
