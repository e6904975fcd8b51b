public import JobProtocol
import Posix
public import Redis

/// A real server in a temporary directory of its own, with the calls that tests need.
public final class RedisServer: Sendable {
  public let directory: String
  private let redis: PrivateRedis

  public init() throws {
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

  public var url: RedisURL { redis.url }

  public func client() -> RedisClient { RedisClient(url) }

  public static func newRun() -> RunID { RunID(randomBits: .random(in: .min ... .max)) }
}
