import Engine
import JSONValue
public import JobProtocol
public import Redis
import Workflow

/// What a list needs to know of a run on Redis: a few short answers over one connection, however
/// long the run is. A Redis that goes meanwhile is not waited for.
public struct RunGlance: Sendable {
  public let hasEngine: Bool
  /// How the run stands: as a short journal tells it, else as its engine last said; `nil` where it
  /// has not said so yet.
  public let standing: RunStatusFile?

  private static let shortJournal = 500
  private static let smallWorkflow = 262_144

  public init(_ run: RunID, at url: RedisURL) throws(RedisError) {
    let keys = RunKeys(run)
    let connection = try RedisConnection(url)
    let replies = try connection.run([
      RedisCommand("GET", keys.lease), RedisCommand("HGET", keys.info, "status"),
      RedisCommand("XLEN", keys.events), RedisCommand("STRLEN", keys.workflow),
    ])
    hasEngine = RunLease.holds(replies[0].string)
    let isShort =
      (replies[2].integer ?? 0) <= Self.shortJournal
      && (replies[3].integer ?? 0) <= Self.smallWorkflow
    let told = isShort ? try Self.state(keys, connection) : nil
    standing =
      told.map { RunStatusFile($0) }
      ?? replies[1].bytes.flatMap { try? JSON(parsing: $0) }.flatMap { RunStatusFile($0) }
  }

  /// The run as its journal tells it; `nil` where the workflow is none.
  private static func state(
    _ keys: RunKeys, _ connection: RedisConnection
  ) throws(RedisError) -> RunState? {
    let replies = try connection.run([
      RedisCommand("GET", keys.workflow), RedisCommand("HGET", keys.info, "variables"),
      RedisCommand("XRANGE", keys.events, "-", "+"),
    ])
    guard let text = replies[0].bytes,
      let workflow = RunWatcher.read(workflow: text, variables: replies[1].bytes).workflow
    else { return nil }
    var state = RunState(workflow: workflow)
    let entries = StreamEntry.decode(replies[2], stream: keys.events)
    for event in RunWatcher.events(in: entries) { state.apply(event) }
    return state
  }
}
