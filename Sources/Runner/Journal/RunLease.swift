public import JobProtocol
public import Redis

/// Whether a run has an engine.
public enum RunLease {
  /// A killed engine's lease stays for some seconds; one of this host that is gone does not count.
  public static func isHeld(_ run: RunID, at url: RedisURL) throws(RedisError) -> Bool {
    try isHeld(run, on: RedisConnection(url))
  }

  static func isHeld(
    _ run: RunID, on connection: RedisConnection
  ) throws(RedisError) -> Bool {
    let value = try connection.call(RedisCommand("GET", RunKeys(run).lease))
    guard let text = value.string else { return false }
    return LeaseToken(parsing: text)?.isDead != true
  }
}
