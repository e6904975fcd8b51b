import Glibc
import Posix
package import Redis

/// Finds the run's own Redis, also if it does not answer.
///
/// | the engine | the server | then |
/// |---|---|---|
/// | is alive | answers in time | use it |
/// | is alive | runs, but its socket is lost | leave it to the engine |
/// | is alive | does not run | the viewer starts it, and the engine takes it over |
/// | is gone | runs, but its socket is lost | stop it, and start another |
/// | is gone | does not run | start it |
package enum PrivateServerSearch {
  package enum Result {
    case answers(RedisURL)
    /// No server runs, so one must be started.
    case none
    /// The engine, which has this process id, is alive, and its server runs but cannot be reached.
    case unreachable(engine: Int)
  }

  /// How long an engine may take to restart its server or make a lost socket again.
  private static let restartMilliseconds = 10_000
  private static let pause = 100
  package static let answerMilliseconds = 2000

  /// Waits for a live engine to restart its server, at most `restartMilliseconds`.
  package static func run(in directory: RunDirectory) throws(RedisError) -> Result {
    let deadline = Clock.monotonicMilliseconds + restartMilliseconds
    var engine: Int?
    repeat {
      guard let description = RunDescription.read(in: directory) else { return .none }
      let url = try description.server(in: directory)
      if answers(url) { return .answers(url) }
      engine = description.livingEngine
      if engine == nil { break }
      _ = Poll.wait(for: -1, POLLIN, milliseconds: pause)
    } while Clock.monotonicMilliseconds < deadline
    let holders = DataHolders(ofDataIn: directory.redisData)
    if let engine, !holders.processes.isEmpty { return .unreachable(engine: engine) }
    return .none
  }

  static func answers(_ url: RedisURL) -> Bool {
    (try? RedisConnection(url, timeoutMilliseconds: answerMilliseconds)) != nil
  }

  /// Stops the server of a run without an engine if its socket is lost or is another user's: nobody
  /// can reach it, and it keeps the data locked.
  package static func endLostServer(of directory: RunDirectory) {
    guard let description = RunDescription.read(in: directory), description.livingEngine == nil,
      let url = try? description.server(in: directory), !url.hasPrivateSocket
    else { return }
    DataHolders(ofDataIn: directory.redisData).end()
  }

  /// The error for a server that cannot be reached.
  package static func unreachable(_ url: RedisURL, engine: Int) -> RedisError {
    RedisError(
      .timeout,
      "its Redis runs and cannot be reached: its socket is gone, or is not its own any more; the "
        + "run continues (its engine is process \(engine))",
      at: url.description)
  }
}
