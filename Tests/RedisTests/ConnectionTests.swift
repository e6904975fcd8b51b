import Glibc
import Posix
import Redis
import Testing

@Suite(.timeLimit(.minutes(2))) struct ConnectionTests {
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

  @Test func `a pipeline far larger than the socket's buffers does not block`() throws {
    let server = try TestServer()
    let redis = try server.connect()
    let block = [UInt8](repeating: 7, count: 5000)
    let commands = (0..<10_000).map { RedisCommand("ECHO", block + Array("\($0)".utf8)) }
    let replies = try redis.run(commands)
    #expect(replies.count == 10_000)
    let right = replies.enumerated().allSatisfy { $1 == .bytes(block + Array("\($0)".utf8)) }
    #expect(right)
  }

  @Test func `call throws an error reply, and the connection stays usable`() throws {
    let server = try TestServer()
    let redis = try server.connect()
    let error = #expect(throws: RedisError.self) { try redis.call(RedisCommand("NONSENSE")) }
    #expect(error?.code == .server)
    #expect(try redis.call(RedisCommand("PING")) == .status("PONG"))
  }

  @Test func `receive returns nil on timeout, and the reply later`() throws {
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

  @Test func `after a timeout the connection must not be used`() throws {
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

  @Test func `a reply of many megabytes arrives complete`() throws {
    let server = try TestServer()
    let redis = try server.connect()
    let length = 40_000_000
    let replies = try redis.run([
      RedisCommand("SETRANGE", "key", length - 1, "x"), RedisCommand("GET", "key"),
    ])
    #expect(replies[0].integer == length)
    #expect(replies[1].bytes?.count == length)
  }

  @Test func `a server that accepts and does not answer is a timeout`() throws {
    let silent = try SilentServer()
    let url = RedisURL(.tcp(host: "127.0.0.1", port: silent.port), password: "secret")
    let error = #expect(throws: RedisError.self) {
      try RedisConnection(url, timeoutMilliseconds: 50)
    }
    #expect(error?.code == .timeout)
    #expect(error?.description.contains("redis://:***@127.0.0.1:\(silent.port)") == true)
  }

  @Test func `a server's replies cannot control the terminal`() throws {
    let server = try TestServer()
    let redis = try server.connect()
    let error = #expect(throws: RedisError.self) {
      try redis.call(RedisCommand("EVAL", "return redis.error_reply('a\\27[2Jb')", 0))
    }
    #expect(error?.message.contains("\u{1B}") == false)
    #expect(error?.message.contains("?[2J") == true)
  }
}

/// Listens on 127.0.0.1 and never answers.
private struct SilentServer: ~Copyable {
  let port: Int
  private let listener: Descriptor

  init() throws {
    listener = Descriptor(owning: socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let number = listener.number
    let code = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(number, $0, length) + listen(number, 5) + getsockname(number, $0, &length)
      }
    }
    guard code == 0 else { throw PosixError("listen") }
    port = Int(UInt16(bigEndian: address.sin_port))
  }
}
