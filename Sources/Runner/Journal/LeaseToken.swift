import JSONValue
import Posix

/// The value of a run's lease key, which names the engine that holds it.
///
/// Tokens differ even for engines of one process. They let another engine on the same host see that
/// the holder is dead, so that it need not wait for the lease to expire.
struct LeaseToken: Sendable, Equatable {
  let host: String
  let process: ProcessIdentity?
  let chance: String

  /// The token of this process.
  init() {
    host = Environment.hostName
    process = ProcessIdentity(of: Environment.processID)
    chance = String(UInt64.random(in: .min ... .max), radix: 36)
  }

  var text: String {
    JSON.object([
      "host": .string(host), "process": process.map { .string($0.text) } ?? .null,
      "chance": .string(chance),
    ]).text
  }

  /// Returns `nil` if the text is no token.
  init?(parsing text: String) {
    guard let value = try? JSON(parsing: Array(text.utf8)), let host = value["host"]?.string,
      let chance = value["chance"]?.string
    else { return nil }
    self.host = host
    self.chance = chance
    process = value["process"]?.string.flatMap { ProcessIdentity(parsing: $0) }
  }

  /// Whether the holder is certainly dead: a process of this host that no longer runs.
  var isDead: Bool {
    guard host == Environment.hostName, let process else { return false }
    return !process.isAlive
  }

  /// Whether the holder is certainly alive: a process of this host that runs.
  var isAliveHere: Bool {
    guard host == Environment.hostName, let process else { return false }
    return process.isAlive
  }

  /// The holder for people: `node-a, process 4711`.
  var holder: String { process.map { "\(host), process \($0.pid)" } ?? host }
}
