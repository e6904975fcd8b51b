import Glibc
import JobProtocol
import Posix
import Redis

/// The Redis of a run: one of its own, or one that was given.
final class RunServer: Sendable {
  /// Where the engine and watchers connect.
  let url: RedisURL
  /// Where one-shot executors connect.
  let executorURL: RedisURL
  private let embedded: EmbeddedRedis?
  private let socketDirectory: String?

  var isEmbedded: Bool { embedded != nil }

  private init(
    url: RedisURL, executorURL: RedisURL, embedded: EmbeddedRedis?, socketDirectory: String?
  ) {
    self.url = url
    self.executorURL = executorURL
    self.embedded = embedded
    self.socketDirectory = socketDirectory
  }

  static func start(
    settings: RunSettings, directory: RunDirectory
  ) throws(RunnerError) -> RunServer {
    do throws(RedisError) {
      if let text = settings.redisURL {
        let url = try RedisURL(parsing: text)
        return RunServer(url: url, executorURL: url, embedded: nil, socketDirectory: nil)
      }
    } catch {
      throw RunnerError(.infrastructure, "\(error)")
    }
    let socketDirectory = try RunDirectory.makeSocketDirectory()
    let options = EmbeddedRedis.Options(
      dataDirectory: directory.redisData, socketDirectory: socketDirectory,
      logFile: directory.redisLog,
      // Executors of another make may not know sockets.
      loopback: settings.executorCommand != nil)
    do throws(RedisError) {
      let embedded = try EmbeddedRedis.start(options: options)
      return RunServer(
        url: embedded.url, executorURL: try executorURL(embedded, settings.run),
        embedded: embedded, socketDirectory: socketDirectory)
    } catch {
      Files.removeTree(socketDirectory)
      throw RunnerError(.infrastructure, "\(error)")
    }
  }

  private static func executorURL(
    _ server: EmbeddedRedis, _ run: RunID
  ) throws(RedisError) -> RedisURL {
    guard let loopback = server.loopbackURL else { return server.url }
    do throws(RedisError) {
      return try ExecutorAccess.grant(run: run, on: server.url, at: loopback)
    } catch {
      server.stop()
      throw error
    }
  }

  /// Ends the server of its own, everything written; leaves a given one alone.
  func stop() {
    embedded?.stop()
    if let socketDirectory { Files.removeTree(socketDirectory) }
  }
}
