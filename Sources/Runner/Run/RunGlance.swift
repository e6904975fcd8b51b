import JSONValue
public import JobProtocol
public import Redis

/// What a list needs to know of a run on Redis: a few short answers, however long the run is.
public struct RunGlance: Sendable {
  public let hasEngine: Bool
  /// How the run stood when its engine last said so; `nil` for one that has not said so yet.
  public let written: RunStatusFile?
  /// Whether the journal can be read in a moment, and tells more exactly how the run stands.
  public let isShort: Bool

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
    written = replies[1].bytes.flatMap { try? JSON(parsing: $0) }.flatMap(RunStatusFile.init)
    isShort =
      (replies[2].integer ?? 0) <= Self.shortJournal
      && (replies[3].integer ?? 0) <= Self.smallWorkflow
  }
}
