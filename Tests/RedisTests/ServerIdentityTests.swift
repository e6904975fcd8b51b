import Glibc
import Posix
import Testing

@testable import Redis

/// A run's own server is trusted, and no other in its place.
@Suite(.timeLimit(.minutes(2))) final class ServerIdentityTests {
  private let place: String

  init() throws {
    // As runs do: only the owner may use the directory.
    place = try Files.makeTemporaryDirectory(prefix: "hflow-redis-test-")
  }

  deinit { Files.removeTree(place) }

  private func start(
    _ proof: PrivateRedis.Proof, data name: String = "data"
  ) throws -> PrivateRedis {
    var options = PrivateRedis.Options(
      dataDirectory: "\(place)/\(name)", socketDirectory: place,
      logFile: "\(place)/log")
    options.proof = proof
    return try PrivateRedis.start(options: options)
  }

  private func refusal(_ url: RedisURL) -> String {
    do {
      _ = try RedisConnection(url)
      return "believed"
    } catch {
      #expect(error.code == .connect)
      return error.message
    }
  }

  @Test func `the token of a server is created once and stays with its data`() throws {
    let first = try start(.token(nil))
    let token = try #require(first.url.identity?.token)
    #expect(token.count > 30)
    first.stop()
    let second = try start(.token(token))
    #expect(second.url == first.url)
    second.stop()
    // A client whose run.json has an old path finds the socket through the link.
    let third = try start(.token(nil))
    defer { third.stop() }
    #expect(third.url == first.url)
    #expect(try PrivateRedis.adopt(third.url).url == first.url)
  }

  @Test func `a server that does not know the token is not trusted`() throws {
    let server = try start(.token(nil))
    defer { server.stop() }
    var url = server.url
    url.identity?.token = Secret.random()
    #expect(refusal(url).contains("does not know the token"))
    let stranger = try start(.token(nil), data: "other")
    defer { stranger.stop() }
    #expect(refusal(server.url).contains("does not know the token"))
  }

  @Test func `another run's data are not accepted`() throws {
    try start(.token(nil)).stop()
    let error = #expect(throws: RedisError.self) {
      try self.start(.token(Secret.random()))
    }
    #expect(error?.message.contains("does not know the token") == true)
  }

  @Test func `a server without a token gets one when it is adopted`() throws {
    let server = try start(.owner)
    defer { server.stop() }
    #expect(server.url.identity == ServerIdentity())
    let token = try PrivateRedis.adopt(server.url).url.identity?.token
    #expect(token != nil)
    #expect(try PrivateRedis.adopt(server.url).url.identity?.token == token)
  }

  @Test func `the original's server is not accepted for a copy of its data`() throws {
    let server = try start(.token(nil))
    defer { server.stop() }
    var url = server.url
    url.identity?.dataDirectory = "\(place)/data"
    #expect(refusal(url) == "believed")
    try Files.copyTree("\(place)/data", to: "\(place)/copy")
    url.identity?.dataDirectory = "\(place)/copy"
    #expect(refusal(url).contains("\(place)/copy is a copy of it"))
    // Data without a lock are of an earlier version.
    Files.remove("\(place)/copy/redis.lock")
    #expect(refusal(url) == "believed")
  }

  @Test func `a socket that others can reach is not used`() throws {
    let server = try start(.owner)
    defer { server.stop() }
    #expect(server.url.hasPrivateSocket)
    chmod(place, 0o755)
    #expect(refusal(server.url).contains("\(place) is open to other users"))
    #expect(!server.url.hasPrivateSocket)
    chmod(place, 0o700)
    chmod("\(place)/redis.sock", 0o777)
    #expect(refusal(server.url).contains("redis.sock is open to other users"))
    chmod("\(place)/redis.sock", 0o700)
    #expect(refusal(server.url) == "believed")
    // The link could be another user's.
    rename("\(place)/redis.sock", "\(place)/real.sock")
    symlink("\(place)/real.sock", "\(place)/redis.sock")
    #expect(refusal(server.url).contains("is not a socket"))
    Files.remove("\(place)/redis.sock")
    #expect(refusal(server.url).contains("No such file"))
    #expect(!server.url.hasPrivateSocket)
  }

  @Test func `a TCP address is not accepted for a run's own server`() {
    var url = RedisURL(.tcp(host: "127.0.0.1", port: 1))
    url.identity = ServerIdentity()
    #expect(refusal(url).contains("socket only"))
  }

  @Test func `a client with a link finds the server at its new socket`() throws {
    let server = try start(.token(nil))
    defer { server.stop() }
    var url = server.url
    url.identity?.link = "\(place)/socket"
    symlink("\(place)/new/redis.sock", "\(place)/socket")
    #expect(refusal(url) == "believed")
    try Files.makeDirectory("\(place)/new", mode: 0o700)
    rename("\(place)/redis.sock", "\(place)/new/redis.sock")
    #expect(refusal(url) == "believed")
    #expect(refusal(server.url).contains("No such file"))
  }

  @Test func `the text of a URL has its identity, the description has not`() throws {
    var url = RedisURL(.unix(path: "/a b/redis.sock"), password: "pw", database: 3)
    url.identity = ServerIdentity(token: "secret", owner: 7, link: "/x&y/socket")
    #expect(try RedisURL(parsing: url.text) == url)
    #expect(url.description == "unix://:***@/a%20b/redis.sock?db=3")
    #expect(!String(reflecting: url).contains("secret"))
    #expect(url.hasSecret)
    url.identity = ServerIdentity()
    #expect(try RedisURL(parsing: url.text) == url)
    let wrong = #expect(throws: RedisError.self) {
      try RedisURL(parsing: "unix:///s?db=1&token=secret&x=1")
    }
    #expect(wrong?.description.contains("secret") == false)
  }

  @Test func `a run's socket is trusted only for its owner, also if it was typed`() throws {
    let typed = try RedisURL(parsing: "unix:///tmp/hflow-run-abc/redis.sock")
    #expect(typed.identity == ServerIdentity())
    #expect(try RedisURL(parsing: "unix:///run/redis/redis.sock").identity == nil)
  }

  @Test(.enabled(if: geteuid() == 0, "needs a second user"))
  func `another user's server is not trusted`() throws {
    let theirs = try Files.makeTemporaryDirectory(prefix: "hflow-redis-test-")
    defer { Files.removeTree(theirs) }
    chmod(theirs, 0o711)
    try Files.makeDirectory("\(theirs)/run", mode: 0o700)
    chown("\(theirs)/run", 65534, 65534)
    let socket = "\(theirs)/run/redis.sock"
    var request = SpawnRequest(
      "setpriv",
      [
        "--reuid", "65534", "--regid", "65534", "--clear-groups", "redis-server", "--port", "0",
        "--unixsocket", socket, "--unixsocketperm", "700", "--save", "", "--dir", "\(theirs)/run",
      ])
    request.standardOutput = .null
    let server = try Child.spawn(request)
    defer {
      server.send(SIGKILL)
      _ = server.wait()
    }
    var url = RedisURL(.unix(path: socket))
    _ = try RedisConnection.connect(url, withinMilliseconds: 30_000)
    url.identity = ServerIdentity()
    #expect(refusal(url).contains("belongs to another user (user id 65534)"))
    // Another path to the socket does not help: the answering process is checked.
    chown("\(theirs)/run", 0, 0)
    chown(socket, 0, 0)
    #expect(refusal(url).contains("a program of another user answers (user id 65534)"))
    // Root views the runs of other users.
    url.identity?.owner = 65534
    #expect(refusal(url) == "believed")
  }
}
