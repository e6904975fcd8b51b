import ArgumentParser
import Posix
import Redis

/// The files for a Redis with TLS, for every command that takes `--redis`.
struct CertificateOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Trusted authorities for rediss:// (default: $HFLOW_REDIS_CA)", valueName: "file"))
  var redisCa: String?

  @Option(
    help: ArgumentHelp(
      "Certificate of this client for rediss:// (or $HFLOW_REDIS_CERT)", valueName: "file"))
  var redisCert: String?

  @Option(
    help: ArgumentHelp(
      "Key of that certificate (or $HFLOW_REDIS_KEY)", valueName: "file"))
  var redisKey: String?

  private var files: RedisTLS {
    RedisTLS(authority: redisCa, certificate: redisCert, key: redisKey)
      .mapFiles(WorkflowPath.absolute)
  }

  /// The URL with these files and those of the environment. `nil` if there is no URL.
  func url(_ text: String?) throws(Failure) -> String? {
    guard let text, !text.isEmpty else {
      guard !files.hasFiles else {
        throw Failure(.usage, "--redis-ca, --redis-cert and --redis-key need --redis rediss://…")
      }
      return nil
    }
    do throws(RedisError) {
      var url = try RedisURL(parsing: text)
      try url.add(options: files, environment: Self.environment)
      return url.text
    } catch {
      throw Failure(.usage, "\(error)")
    }
  }

  /// The files that the environment names.
  static var environment: RedisTLS {
    RedisTLS { Environment[$0] }.mapFiles(WorkflowPath.absolute)
  }
}
