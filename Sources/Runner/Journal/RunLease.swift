import JobProtocol
import Redis

/// Whether a run has an engine.
enum RunLease {
  /// Whether the lease's text names somebody who may be there. A killed engine's lease stays for
  /// some seconds; one of this host that is gone does not count.
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
