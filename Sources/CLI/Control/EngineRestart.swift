import JobProtocol
import Posix
import Redis
import Runner

/// Restarts the engine of a finished or interrupted run.
struct EngineRestart: Sendable {
  let run: RunID
  let finder: RunFinder
  /// The file with the signing key.
  let keyFile: String?

  /// Returns the URL of the run's Redis. The engine waits until the watcher attaches.
  func restartEngine(for watcher: String) throws(Failure) -> RedisURL {
    do {
      var settings = try ResumedRun(
        try finder.one(run.text), finder, keyFile: keyFile
      ).settings
      settings.watcher = watcher
      return try RedisURL(parsing: try settings.launchEngine().redisURL)
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Failure(.infrastructure, "\(error)")
    }
  }
}
