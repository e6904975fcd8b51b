import Posix
import Redis
import Testing

@Suite(.timeLimit(.minutes(2))) struct ClientTests {
  @Test func `many tasks share a client`() async throws {
    let server = try TestServer()
    let client = RedisClient(server.url)
    try await client.connect()
    let right = try await withThrowingTaskGroup(of: Bool.self) { group in
      for number in 0..<200 {
        group.addTask {
          let replies = try await client.run([
            RedisCommand("INCR", "count"), RedisCommand("ECHO", number),
          ])
          return replies[1].integer == number
        }
      }
      return try await group.reduce(true) { $0 && $1 }
    }
    #expect(right)
    #expect(try await client.call(RedisCommand("GET", "count")).integer == 200)
    let both = try await client.transaction([RedisCommand("INCR", "count"), RedisCommand("PING")])
    #expect(both[0].integer == 201)
    let reply = try await client.script(RedisScript("return ARGV[1]"), keys: [], arguments: ["x"])
    #expect(reply.string == "x")
    await client.close()
  }

  @Test func `without a server the first command fails at once`() async throws {
    let client = RedisClient(RedisURL(.unix(path: "/nowhere/redis.sock")))
    let error = await #expect(throws: RedisError.self) {
      try await client.call(RedisCommand("PING"))
    }
    #expect(error?.code == .connect)
    #expect(error?.description.contains("unix:///nowhere/redis.sock") == true)
  }

  @Test func `a lost connection is replaced and commands continue`() async throws {
    let server = try TestServer()
    let client = RedisClient(server.url)
    try await client.call(RedisCommand("SET", "a", 1))
    let states = client.states
    server.kill()
    let reply = Task { try await client.call(RedisCommand("GET", "a")) }
    var isRetrying = false
    for await state in states {
      if case .retrying = state, !isRetrying {
        isRetrying = true
        try server.restart()
      }
      if isRetrying, state == .connected { break }
    }
    #expect(isRetrying)
    #expect(try await reply.value.integer == 1)
    await client.close()
  }

  @Test func `a command that may have been executed is not sent again`() async throws {
    let server = try TestServer()
    var options = RedisClient.Options()
    options.answerTimeoutMilliseconds = -1
    let client = RedisClient(server.url, options: options)
    let reply = Task { try await client.call(RedisCommand("BLPOP", "list", 0)) }
    try await server.waitForBlockedClient()
    server.kill()
    let error = await #expect(throws: RedisError.self) { try await reply.value }
    #expect(error?.code == .closed)
    #expect(error?.message.contains("may have been executed") == true)
    await client.close()
  }

  @Test func `a command that may run twice is sent again`() async throws {
    let server = try TestServer()
    let client = RedisClient(server.url)
    let reply = Task { try await client.call(RedisCommand("BLPOP", "list", 0), retry: .always) }
    try await server.waitForBlockedClient()
    server.kill()
    try server.restart()
    try await server.waitForBlockedClient()
    _ = try server.connect().call(RedisCommand("RPUSH", "list", "x"))
    #expect(try await reply.value.array?.last?.string == "x")
    await client.close()
  }

  @Test func `closing ends waiting and later calls at once`() async throws {
    let server = try TestServer()
    let client = RedisClient(server.url)
    let reply = Task { try await client.call(RedisCommand("BLPOP", "list", 0)) }
    try await server.waitForBlockedClient()
    await client.close()
    let first = await #expect(throws: RedisError.self) { try await reply.value }
    #expect(first?.code == .closed)
    let later = await #expect(throws: RedisError.self) {
      try await client.call(RedisCommand("PING"))
    }
    #expect(later?.code == .closed)
    var last: RedisState?
    for await state in client.states { last = state }
    #expect(last == .closed)
  }

  @Test func `closing ends the attempts to reconnect`() async throws {
    let server = try TestServer()
    let client = RedisClient(server.url)
    try await client.connect()
    server.kill()
    let states = client.states
    let reply = Task { try await client.call(RedisCommand("PING")) }
    for await state in states {
      if case .retrying = state { break }
    }
    await client.close()
    await #expect(throws: RedisError.self) { try await reply.value }
  }

  @Test func `an answer that does not arrive in time is a timeout`() async throws {
    let server = try TestServer()
    var options = RedisClient.Options()
    options.answerTimeoutMilliseconds = 20
    options.reconnectTimeoutMilliseconds = 100
    let client = RedisClient(server.url, options: options)
    let error = await #expect(throws: RedisError.self) {
      try await client.call(RedisCommand("BLPOP", "list", 0), retry: .always)
    }
    #expect(error?.code == .timeout)
    #expect(try await client.call(RedisCommand("PING")).string == "PONG")
    await client.close()
  }
}
