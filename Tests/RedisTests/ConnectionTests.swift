import Posix
import Redis
import Testing

@Suite struct ConnectionTests {
  @Test func `replies of every kind become values`() throws {
    let server = try TestServer()
    let redis = try server.connect()
    let binary: [UInt8] = [0, 255, 13, 10, 128]
    let replies = try redis.run([
      RedisCommand("SET", "key", binary), RedisCommand("GET", "key"), RedisCommand("GET", "none"),
      RedisCommand("INCRBY", "number", -7), RedisCommand("LPUSH", "key", "x"),
      RedisCommand("EVAL", "return {1, {'a', {}, false}, redis.status_reply('fine')}", 0),
    ])
    #expect(replies[0] == .status("OK"))
    #expect(replies[1] == .bytes(binary))
    #expect(replies[1].string == String(decoding: binary, as: UTF8.self))
    #expect(replies[2].isNull)
    #expect(replies[3].integer == -7)
    #expect(replies[4].errorText?.hasPrefix("WRONGTYPE") == true)
    #expect(
      replies[5]
        == .array([
          .integer(1), .array([.bytes([97]), .array([]), .null]), .status("fine"),
        ]))
    #expect(redis.unansweredCount == 0)
  }

  @Test func `a pipeline far larger than the socket's buffers does not lock up`() throws {
    let server = try TestServer()
    let redis = try server.connect()
    let block = [UInt8](repeating: 7, count: 5000)
    let commands = (0..<10_000).map { RedisCommand("ECHO", block + Array("\($0)".utf8)) }
    let replies = try redis.run(commands)
    #expect(replies.count == 10_000)
    let right = replies.enumerated().allSatisfy { $1 == .bytes(block + Array("\($0)".utf8)) }
    #expect(right)
  }

  @Test func `an error reply is thrown by call and leaves the connection usable`() throws {
    let server = try TestServer()
    let redis = try server.connect()
    let error = #expect(throws: RedisError.self) { try redis.call(RedisCommand("NONSENSE")) }
    #expect(error?.code == .server)
    #expect(try redis.call(RedisCommand("PING")) == .status("PONG"))
  }

  @Test func `receive gives nothing after its time and the reply later`() throws {
    let server = try TestServer()
    let (waiting, other) = (try server.connect(), try server.connect())
    waiting.append(RedisCommand("BLPOP", "list", 0))
    #expect(try waiting.receive(timeoutMilliseconds: 10) == nil)
    #expect(waiting.unansweredCount == 1)
    _ = try other.call(RedisCommand("RPUSH", "list", "x"))
    let reply = try waiting.receive(timeoutMilliseconds: -1)
    #expect(reply?.array?.map(\.string) == ["list", "x"])
  }

  @Test func `an interrupt ends a blocking read`() throws {
    let server = try TestServer()
    let redis = try server.connect()
    let pipe = try Pipe()
    redis.interruptDescriptor = pipe.readEnd.number
    redis.append(RedisCommand("BLPOP", "list", 0))
    try redis.flush()
    try DescriptorIO.write([1], to: pipe.writeEnd.number)
    let error = #expect(throws: RedisError.self) { try redis.receive(timeoutMilliseconds: -1) }
    #expect(error?.code == .closed)
  }

  @Test func `a time-out spends the connection`() throws {
    let server = try TestServer()
    let redis = try server.connect()
    let first = #expect(throws: RedisError.self) {
      try redis.run([RedisCommand("BLPOP", "list", 0)], timeoutMilliseconds: 10)
    }
    #expect(first?.code == .timeout)
    #expect(throws: RedisError.self) { try redis.nextReply() }
  }

  @Test func `a dead server is an error, not a signal`() throws {
    let server = try TestServer()
    let redis = try server.connect()
    server.kill()
    for _ in 0..<3 {
      let error = #expect(throws: RedisError.self) {
        redis.append(RedisCommand("PING"))
        return try redis.receive(timeoutMilliseconds: -1)
      }
      #expect(error?.isConnectionLoss == true)
    }
    let error = #expect(throws: RedisError.self) { try server.connect() }
    #expect(error?.code == .connect)
    #expect(error?.description.contains("redis.sock") == true)
  }
}
