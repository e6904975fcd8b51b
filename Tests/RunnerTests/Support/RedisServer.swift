import JobProtocol
import Posix
import Redis

/// A real server in a temporary directory of its own, and the little that tests ask of it.
final class RedisServer: Sendable {
  let directory: String
  private let redis: PrivateRedis

  init() throws {
    directory = try Files.makeTemporaryDirectory(prefix: "hflow-runner-test-")
    redis = try PrivateRedis.start(
      options: .init(
        dataDirectory: "\(directory)/data", socketDirectory: directory,
        logFile: "\(directory)/redis.log"))
  }

  deinit {
    redis.stop(graceMilliseconds: 2000)
    Files.removeTree(directory)
  }

  var url: RedisURL { redis.url }

  func client() -> RedisClient { RedisClient(url) }

  static func newRun() -> RunID { RunID(randomBits: .random(in: .min ... .max)) }
}
