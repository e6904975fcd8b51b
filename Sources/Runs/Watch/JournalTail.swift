public import Engine
public import JobProtocol
import Posix
public import Redis

/// Reads what is added to a run's journal, on the calling thread: for a command that waits for one
/// answer.
public final class JournalTail {
  private var connection: RedisConnection
  private let key: String
  private var lastID: String

  /// - Parameter id: The last entry that the caller knows already.
  public init(of run: RunID, at url: RedisURL, after id: String) throws(RunnerError) {
    key = RunKeys(run).events
    lastID = id
    do throws(RedisError) {
      connection = try RedisConnection(url)
    } catch {
      throw RunnerError(.infrastructure, "\(error)")
    }
  }

  /// The next events; empty if none came within the time. A lost connection or a server that is not
  /// ready is waited for within the same time.
  public func next(withinMilliseconds time: Int) throws(RunnerError) -> [RunEvent] {
    let deadline = Clock.monotonicMilliseconds + time
    var backoff = Backoff()
    while true {
      let left = deadline - Clock.monotonicMilliseconds
      do throws(RedisError) {
        return try read(withinMilliseconds: max(1, left))
      } catch {
        let isPassing = error.kind == .connection || error.kind == .notReady
        guard isPassing, left > 0 else { throw RunnerError(.infrastructure, "\(error)") }
        _ = Poll.wait(for: -1, 0, milliseconds: min(left, backoff.next()))
        if let fresh = try? RedisConnection(connection.url, timeoutMilliseconds: max(1, left)) {
          connection = fresh
        }
      }
    }
  }

  private func read(withinMilliseconds time: Int) throws(RedisError) -> [RunEvent] {
    let command = RedisCommand(
      "XREAD", "COUNT", Self.pageSize, "BLOCK", max(1, time), "STREAMS", key, lastID)
    let reply = try connection.call(command, timeoutMilliseconds: time + Self.delayMilliseconds)
    let entries = StreamEntry.decodeRead(reply)
    lastID = entries.last?.id ?? lastID
    return RunWatcher.events(in: entries)
  }

  private static let pageSize = 1000
  /// How late the answer of a busy server may be.
  private static let delayMilliseconds = 5000
}
