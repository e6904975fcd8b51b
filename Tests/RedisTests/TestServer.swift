import Posix
import Redis

/// A real server in a temporary directory of its own.
final class TestServer {
  let directory: String
  private(set) var redis: EmbeddedRedis

  init(loopback: Bool = false) throws {
    directory = try Files.makeTemporaryDirectory(prefix: "hflow-redis-test-")
    redis = try EmbeddedRedis.start(
      options: TestServer.options(in: directory, loopback: loopback))
  }

  deinit {
    redis.stop(graceMilliseconds: 2000)
    Files.removeTree(directory)
  }

  var url: RedisURL { redis.url }

  func connect() throws -> RedisConnection { try RedisConnection(url) }

  /// Starts again on the same data, after a `stop` or a `kill`.
  func restart() throws {
    redis = try EmbeddedRedis.start(
      options: TestServer.options(in: directory, loopback: redis.loopbackURL != nil))
  }

  /// Ends it without any chance to write something down.
  func kill() {
    redis.child.send(9)
    _ = redis.child.wait()
  }

  static func options(in directory: String, loopback: Bool = false) -> EmbeddedRedis.Options {
    EmbeddedRedis.Options(
      dataDirectory: "\(directory)/data", socketDirectory: directory,
      logFile: "\(directory)/redis.log", loopback: loopback)
  }
}
