import Glibc
import Posix
import Redis

/// Looks for the run's own Redis where it does not answer.
///
/// | the engine | the server | then |
/// |---|---|---|
/// | lives | answers within the time | it is used |
/// | lives | runs, without a socket that leads to it | nobody else touches it |
/// | lives | does not run | who looks starts it, and the engine takes it over |
/// | is gone | runs, without a socket that leads to it | it is ended, and started again |
/// | is gone | does not run | it is started again |
enum OwnServerSearch {
  enum Result {
    case answers(RedisURL)
    /// It must be started again.
    case none
    /// The engine of this process lives, and its server runs and cannot be reached.
    case unreachable(engine: Int)
  }

  /// How long an engine may take to bring its server back, or to make a lost socket again.
  private static let patience = 10_000
  private static let pause = 100
  static let answerMilliseconds = 2000

  /// Waits for an engine that lives.
  static func run(in directory: RunDirectory) throws(RedisError) -> Result {
    let deadline = Clock.monotonicMilliseconds + patience
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

  /// Ends the server of a run without an engine if its socket is gone or is another user's: nobody
  /// can reach it any more, while it keeps the data locked.
  static func endLostServer(of directory: RunDirectory) {
    guard let description = RunDescription.read(in: directory), description.livingEngine == nil,
      let url = try? description.server(in: directory), !url.hasPrivateSocket
    else { return }
    DataHolders(ofDataIn: directory.redisData).end()
  }

  /// The error of somebody who needs a server that cannot be reached.
  static func unreachable(_ url: RedisURL, engine: Int) -> RedisError {
    RedisError(
      .io,
      "its Redis runs and cannot be reached: its socket is gone, or is not its own any more; the "
        + "run goes on (its engine is process \(engine))",
      at: url.description)
  }
}
