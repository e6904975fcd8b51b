import Redis
import Testing

@Suite(.timeLimit(.minutes(2))) struct ScriptTests {
  @Test func `a transaction returns the replies of its commands`() throws {
    let server = try TestServer()
    let redis = try server.connect()
    let replies = try redis.transaction([
      RedisCommand("SET", "a", "x"), RedisCommand("LPUSH", "a", "y"), RedisCommand("GET", "a"),
    ])
    #expect(replies[0] == .status("OK"))
    #expect(replies[1].errorText?.hasPrefix("WRONGTYPE") == true)
    #expect(replies[2].string == "x")
  }

  @Test func `a transaction that was not executed throws its reason`() throws {
    let server = try TestServer()
    let redis = try server.connect()
    let wrong = #expect(throws: RedisError.self) {
      try redis.transaction([RedisCommand("SET", "a", 1), RedisCommand("NONSENSE")])
    }
    #expect(wrong?.code == .server)
    #expect(wrong?.message.contains("NONSENSE") == true)
    _ = try redis.call(RedisCommand("WATCH", "a"))
    _ = try server.connect().call(RedisCommand("SET", "a", 2))
    let watched = #expect(throws: RedisError.self) {
      try redis.transaction([RedisCommand("SET", "a", 3)])
    }
    #expect(watched?.message.contains("watched") == true)
    #expect(try redis.call(RedisCommand("GET", "a")).integer == 2)
  }

  @Test func `a script runs by its name, also after the server forgot it`() throws {
    let server = try TestServer()
    let redis = try server.connect()
    let script = RedisScript("return {KEYS[1], ARGV[1], redis.call('INCR', KEYS[1])}")
    for turn in 1...4 {
      if turn == 3 { _ = try redis.call(RedisCommand("SCRIPT", "FLUSH")) }
      let reply = try redis.script(script, keys: ["key"], arguments: [7])
      #expect(reply == .array([.bytes(Array("key".utf8)), .bytes([55]), .integer(turn)]))
    }
  }

  @Test func `a failing script throws the server's error`() throws {
    let server = try TestServer()
    let redis = try server.connect()
    let script = RedisScript("return redis.error_reply('DEPOSED by another')")
    let error = #expect(throws: RedisError.self) {
      try redis.script(script, keys: [], arguments: [])
    }
    #expect(error?.message == "DEPOSED by another")
    #expect(throws: RedisError.self) {
      try redis.script(RedisScript("no lua"), keys: [], arguments: [])
    }
  }
}
