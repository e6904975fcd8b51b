import Engine
import JSONValue
public import JobProtocol
public import Redis
import Workflow

/// What a list needs to know about a run on Redis: a few short answers over one connection, however
/// long the run is. If Redis goes away meanwhile, this does not wait for it.
public struct RunSummary: Sendable {
  public let hasEngine: Bool
  /// The run's status: from the journal if that is short, else as its engine last stored it; `nil`
  /// if it has not stored one yet.
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
    let state = isShort ? try Self.state(keys, connection) : nil
    standing =
      state.map { RunStatusFile($0) }
      ?? replies[1].bytes.flatMap { try? JSON(parsing: $0) }.flatMap { RunStatusFile($0) }
  }

  /// The run's state from its journal; `nil` if the workflow cannot be read.
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
