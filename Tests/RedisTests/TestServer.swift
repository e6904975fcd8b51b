import Posix
import Redis

/// A real server in a temporary directory of its own.
final class TestServer {
  let directory: String
  private(set) var redis: PrivateRedis

  init(loopback: Bool = false) throws {
    directory = try Files.makeTemporaryDirectory(prefix: "hflow-redis-test-")
    redis = try PrivateRedis.start(
      options: TestServer.options(in: directory, loopback: loopback))
  }

  deinit {
    redis.stop(graceMilliseconds: 2000)
    Files.removeTree(directory)
  }

  var url: RedisURL { redis.url }

  func connect() throws -> RedisConnection { try RedisConnection(url) }

  /// Restarts the server on the same data, after a `stop` or a `kill`.
  func restart() throws {
    var options = TestServer.options(in: directory, loopback: redis.loopbackURL != nil)
    options.formerLoopbackURL = redis.loopbackURL
    redis = try PrivateRedis.start(options: options)
  }

  /// Kills the server, so that it cannot write anything.
  func kill() {
    redis.child.send(9)
    _ = redis.child.wait()
  }

  /// Waits until a client is in a blocking command.
  func waitForBlockedClient() async throws {
    try await wait(for: RedisCommand("INFO", "clients")) {
      $0.string?.contains("blocked_clients:0") == false
    }
  }

  /// Sends the command repeatedly until a deadline. Does not block a thread meanwhile, because
  /// other tests need the few threads.
  func wait(for command: RedisCommand, _ isTrue: (RedisValue) -> Bool) async throws {
    let client = RedisClient(url)
    let deadline = Clock.monotonicMilliseconds + 120_000
    while !isTrue(try await client.call(command)) {
      guard Clock.monotonicMilliseconds < deadline else { throw Missing(fact: command.name) }
    }
    await client.close()
  }

  struct Missing: Error { let fact: String }

  static func options(in directory: String, loopback: Bool = false) -> PrivateRedis.Options {
    PrivateRedis.Options(
      dataDirectory: "\(directory)/data", socketDirectory: directory,
      logFile: "\(directory)/redis.log", loopback: loopback)
  }
}
