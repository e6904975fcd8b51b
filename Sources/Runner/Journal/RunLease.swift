import JobProtocol
import Redis

/// Whether a run has an engine.
enum RunLease {
  /// Whether a lease's value names an engine that may be alive. The lease of a killed engine
  /// remains for some seconds; it does not count if the engine was a process of this host.
  static func holds(_ text: String?) -> Bool {
    text.map { LeaseToken(parsing: $0)?.isDead != true } ?? false
  }

  static func isHeld(
    _ run: RunID, on connection: RedisConnection
  ) throws(RedisError) -> Bool {
    let value = try connection.call(RedisCommand("GET", RunKeys(run).lease))
    return holds(value.string)
  }
}
