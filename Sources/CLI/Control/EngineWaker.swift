import JobProtocol
import Posix
import Redis
import Runner

/// Starts an engine for a run that has none: one that is closed, or whose engine was lost.
struct EngineWaker: Sendable {
  let run: RunID
  let finder: RunFinder
  /// The file with the key that signs jobs and requests.
  let keyFile: String?

  /// Returns where the run's Redis is now. The engine waits for the watcher, who is to attach in a
  /// moment.
  func wake(for watcher: String) throws(Failure) -> RedisURL {
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
