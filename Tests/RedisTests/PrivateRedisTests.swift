import Glibc
import Posix
import Testing

@testable import Redis

@Suite(.timeLimit(.minutes(2))) struct PrivateRedisTests {
  @Test func `data survive stop and start`() throws {
    let server = try TestServer()
    let commands = (0..<1000).map { RedisCommand("RPUSH", "list", $0) }
    _ = try server.connect().run(commands)
    server.redis.stop()
    #expect(server.redis.hasEnded)
    try server.restart()
    #expect(try server.connect().call(RedisCommand("LLEN", "list")).integer == 1000)
  }

  @Test func `only a server whose socket was removed is ended`() throws {
    let server = try TestServer()
    _ = try server.connect().call(RedisCommand("SET", "a", "1"))
    Files.remove("\(server.directory)/redis.sock")
    DataHolders(ofDataIn: "\(server.directory)/dat").end()
    #expect(!server.redis.hasEnded)
    let holders = DataHolders(ofDataIn: "\(server.directory)/data")
    #expect(holders.processes == [server.redis.child])
    holders.end()
    #expect(server.redis.hasEnded)
    try server.restart()
    #expect(try server.connect().call(RedisCommand("GET", "a")).string == "1")
  }

  @Test func `the file is synced when it has grown`() throws {
    let server = try TestServer()
    let redis = try server.connect()
    _ = try redis.call(RedisCommand("SET", "a", "1"))
    let directories = Self.directories(below: server.directory)
    let first = DiskSync.sync(directories, [:])
    #expect(!first.isEmpty)
    for (path, size) in first { #expect(Files.size(path) == size, "\(path)") }
    _ = try redis.call(RedisCommand("SET", "b", "2"))
    let second = DiskSync.sync(directories, first)
    #expect(second.keys == first.keys)
    #expect(second != first)
  }

  private static func directories(below path: String) -> [String] {
    [path]
      + Files.list(path).map { Files.join(path, $0) }.filter(Files.isDirectory)
      .flatMap { directories(below: $0) }
  }

  @Test func `the server is configured for a run`() throws {
    let server = try TestServer()
    let redis = try server.connect()
    let wanted = [
      "appendonly": "yes", "appendfsync": "no", "save": "", "port": "0", "databases": "1",
      "maxmemory-policy": "noeviction", "unixsocketperm": "700", "aof-load-truncated": "yes",
    ]
    for (name, value) in wanted {
      let reply = try redis.call(RedisCommand("CONFIG", "GET", name))
      #expect(reply.array?.last?.string == value, "\(name)")
    }
    let events = try redis.call(RedisCommand("CONFIG", "GET", "notify-keyspace-events"))
    #expect(Set(events.array?.last?.string ?? "") == ["K", "s"])
    #expect(server.redis.loopbackURL == nil)
    #expect(getsid(server.redis.child.pid) == server.redis.child.pid)
  }

  /// An append-only file is a list of commands; that of another user may have any.
  @Test(arguments: [false, true])
  func `untrusted data cannot execute dangerous commands when loaded`(isUntrusted: Bool) throws {
    let place = try Files.makeTemporaryDirectory(prefix: "hflow-redis-test-")
    defer { Files.removeTree(place) }
    var options = PrivateRedis.Options(
      dataDirectory: "\(place)/data", socketDirectory: place, logFile: "\(place)/log")
    options.hasUntrustedData = isUntrusted
    let server = try PrivateRedis.start(options: options)
    defer { server.stop() }
    let connection = try RedisConnection(server.url)
    for command in ["MODULE", "DEBUG", "REPLICAOF"] + (isUntrusted ? ["CONFIG", "SAVE"] : []) {
      let error = #expect(throws: RedisError.self) {
        try connection.call(RedisCommand([command, "x", "y"]))
      }
      #expect(error?.message.contains("unknown command") == true, "\(command)")
    }
  }

  @Test func `nobody else can reach the socket`() throws {
    let server = try TestServer()
    var info = stat()
    #expect(stat("\(server.directory)/redis.sock", &info) == 0)
    #expect(info.st_mode & 0o777 == 0o700)
    #expect(stat(server.directory, &info) == 0)
    #expect(info.st_mode & 0o777 == 0o700)
  }

  @Test func `the TCP port needs the password`() throws {
    let server = try TestServer(loopback: true)
    let url = try #require(server.redis.loopbackURL)
    let secret = try #require(url.password)
    #expect(try RedisConnection(url).call(RedisCommand("PING")).string == "PONG")
    #expect(try RedisConnection(server.url).call(RedisCommand("PING")).string == "PONG")

    let place = try server.connect().call(RedisCommand("CONFIG", "GET", "bind"))
    #expect(place.array?.last?.string == "127.0.0.1")

    var open = url
    open.password = nil
    let without = #expect(throws: RedisError.self) { try RedisConnection(open) }
    #expect(without?.code == .server)
    #expect(without?.message.contains("NOAUTH") == true)
    open.password = "guess"
    let wrong = #expect(throws: RedisError.self) { try RedisConnection(open) }
    #expect(wrong?.description.contains("login refused: WRONGPASS") == true)
    #expect(wrong?.description.contains("check user and password") == true)
    #expect(wrong?.description.contains("guess") == false)

    let line = try Files.read("/proc/\(server.redis.child.pid)/cmdline")
    #expect(!String(decoding: line, as: UTF8.self).contains(secret))
    let log = String(decoding: try Files.read("\(server.directory)/redis.log"), as: UTF8.self)
    #expect(!log.contains(secret))
    #expect(!"\(url) \(server.url)".contains(secret))
  }

  @Test func `a restarted server listens at its former port`() throws {
    let server = try TestServer(loopback: true)
    let url = try #require(server.redis.loopbackURL)
    _ = try RedisConnection(url).call(RedisCommand("SET", "a", 1))
    server.kill()
    try server.restart()
    #expect(server.redis.loopbackURL == url)
    #expect(try RedisConnection(url).call(RedisCommand("GET", "a")).integer == 1)
  }

  @Test func `another process can stop the server without losing data`() throws {
    let server = try TestServer()
    _ = try server.connect().call(RedisCommand("SET", "a", 1))
    try PrivateRedis.shutDown(server.url)
    let error = #expect(throws: RedisError.self) { try PrivateRedis.shutDown(server.url) }
    #expect(error?.code == .connect)
    try server.restart()
    #expect(try server.connect().call(RedisCommand("GET", "a")).integer == 1)
  }

  @Test func `connecting with a time limit waits for a start`() throws {
    let server = try TestServer()
    server.redis.stop()
    let late = #expect(throws: RedisError.self) {
      try RedisConnection.connect(server.url, withinMilliseconds: 50)
    }
    #expect(late?.code == .connect)
    try server.restart()
    let redis = try RedisConnection.connect(server.url, withinMilliseconds: 120_000)
    #expect(try redis.call(RedisCommand("PING")).string == "PONG")
  }

  @Test func `two servers on the same data are refused`() throws {
    let server = try TestServer()
    let error = #expect(throws: RedisError.self) {
      try PrivateRedis.start(options: TestServer.options(in: server.directory))
    }
    #expect(error?.code == .connect)
    #expect(error?.message.contains("already uses") == true)
    #expect(try server.connect().call(RedisCommand("PING")).string == "PONG")
  }

  @Test func `a server that ends at once leaves its last log line`() throws {
    let directory = try Files.makeTemporaryDirectory(prefix: "hflow-redis-test-")
    defer { Files.removeTree(directory) }
    try Files.makeDirectory("\(directory)/data/appendonlydir")
    try Files.write(
      Array("garbage".utf8), to: "\(directory)/data/appendonlydir/appendonly.aof.manifest")
    let error = #expect(throws: RedisError.self) {
      try PrivateRedis.start(options: TestServer.options(in: directory))
    }
    #expect(error?.code == .serverMissing)
    #expect(error?.description.contains("\(directory)/redis.log") == true)
    #expect(error?.message.contains("AOF") == true)
  }

  @Test func `a socket path that is too long is refused before the start`() {
    let long = "/tmp/" + String(repeating: "x", count: 100)
    let error = #expect(throws: RedisError.self) {
      try PrivateRedis.start(options: TestServer.options(in: long))
    }
    #expect(error?.message.contains("107") == true)
    #expect(!Files.exists(long))
  }

  @Test func `a missing server program is one line with advice`() {
    let none = #expect(throws: RedisError.self) {
      try ServerProgram.find(override: nil, folders: ["/nowhere"])
    }
    #expect(none?.code == .serverMissing)
    for word in ["redis-server", "valkey-server", "apt install redis-server", "--redis URL"] {
      #expect(none?.description.contains(word) == true)
    }
    let wrong = #expect(throws: RedisError.self) {
      try ServerProgram.find(override: "/nowhere/redis", folders: nil)
    }
    #expect(wrong?.description.contains("HFLOW_REDIS_SERVER=/nowhere/redis") == true)
  }

  @Test func `a server program is searched in absolute directories only`() throws {
    let place = try Files.makeTemporaryDirectory(prefix: "hflow-redis-test-")
    defer { Files.removeTree(place) }
    try Files.write(Array("#!/bin/sh\n".utf8), to: "\(place)/redis-server", mode: 0o755)
    let relative = String(repeating: "../", count: 40) + place.dropFirst()
    #expect(Files.isExecutableFile("\(relative)/redis-server"))
    #expect(throws: RedisError.self) {
      try ServerProgram.find(override: nil, folders: [relative])
    }
    #expect(try ServerProgram.find(override: nil, folders: [place]) == "\(place)/redis-server")
  }

  @Test func `unusual paths reach the server unchanged`() throws {
    let directory = try Files.makeTemporaryDirectory(prefix: "hflow \"ü\\ '")
    defer { Files.removeTree(directory) }
    let redis = try PrivateRedis.start(options: TestServer.options(in: directory))
    defer { redis.stop() }
    #expect(try RedisConnection(redis.url).call(RedisCommand("PING")).string == "PONG")
    #expect(try RedisURL(parsing: redis.url.text) == redis.url)
  }
}
