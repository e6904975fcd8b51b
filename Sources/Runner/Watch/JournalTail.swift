public import Engine
public import JobProtocol
import Posix
public import Redis

/// What is written into a run's journal from some entry on, read on the calling thread: for a
/// command that waits for an answer and for nothing else.
public final class JournalTail {
  private let connection: RedisConnection
  private let key: String
  private var lastID: String

  /// `id` is the last entry that is known already.
  public init(of run: RunID, at url: RedisURL, after id: String) throws(RunnerError) {
    key = RunKeys(run).events
    lastID = id
    do throws(RedisError) {
      connection = try RedisConnection(url)
    } catch {
      throw RunnerError(.infrastructure, "\(error)")
    }
  }

  /// The next events; none when none came within the time.
  public func next(withinMilliseconds time: Int) throws(RunnerError) -> [RunEvent] {
    let command = RedisCommand(
      "XREAD", "COUNT", Self.pageSize, "BLOCK", max(1, time), "STREAMS", key, lastID)
    do throws(RedisError) {
      let reply = try connection.call(command, timeoutMilliseconds: time + Self.patience)
      let entries = StreamEntry.decodeRead(reply)
      lastID = entries.last?.id ?? lastID
      return RunWatcher.events(in: entries)
    } catch {
      throw RunnerError(.infrastructure, "\(error)")
    }
  }

  private static let pageSize = 1000
  /// How long an answer of a busy server may be late.
  private static let patience = 5000
}
