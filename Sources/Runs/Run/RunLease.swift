import JSONValue
import JobProtocol
import Posix
import Redis

/// The value of a run's lease key, which names the engine that holds it.
///
/// Tokens differ even for engines of one process. They let another engine on the same host see that
/// the holder is dead, so that it need not wait for the lease to expire.
package struct LeaseToken: Sendable, Equatable {
  let host: String
  let process: ProcessIdentity?
  let chance: String

  /// The token of this process.
  package init() {
    host = Environment.hostName
    process = ProcessIdentity(of: Environment.processID)
    chance = String(UInt64.random(in: .min ... .max), radix: 36)
  }

  package var text: String {
    JSON.object([
      "host": .string(host), "process": process.map { .string($0.text) } ?? .null,
      "chance": .string(chance),
    ]).text
  }

  /// Returns `nil` if the text is no token.
  package init?(parsing text: String) {
    guard let value = try? JSON(parsing: Array(text.utf8)), let host = value["host"]?.string,
      let chance = value["chance"]?.string
    else { return nil }
    self.host = host
    self.chance = chance
    process = value["process"]?.string.flatMap { ProcessIdentity(parsing: $0) }
  }

  /// Whether the holder is certainly dead: a process of this host that no longer runs.
  package var isDead: Bool {
    guard host == Environment.hostName, let process else { return false }
    return !process.isAlive
  }

  /// Whether the holder is certainly alive: a process of this host that runs.
  package var isAliveHere: Bool {
    guard host == Environment.hostName, let process else { return false }
    return process.isAlive
  }

  /// The holder for people: `node-a, process 4711`.
  package var holder: String { process.map { "\(host), process \($0.pid)" } ?? host }
}

/// Whether a run has an engine.
package enum RunLease {
  /// Whether a lease's value names an engine that may be alive. The lease of a killed engine
  /// remains for some seconds; it does not count if the engine was a process of this host.
  package static func holds(_ text: String?) -> Bool {
    text.map { LeaseToken(parsing: $0)?.isDead != true } ?? false
  }

  static func isHeld(
    _ run: RunID, on connection: RedisConnection
  ) throws(RedisError) -> Bool {
    let value = try connection.call(RedisCommand("GET", RunKeys(run).lease))
    return holds(value.string)
  }
}
