import JSONValue
import Posix

/// Who holds the lease of a run: the text in its key.
///
/// Tokens differ even for engines of one process, and tell enough for another engine on the same
/// host to see that the holder is dead, so that nobody waits for the end of a dead one's lease.
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

  /// `nil` for what is no token.
  init?(parsing text: String) {
    guard let value = try? JSON(parsing: Array(text.utf8)), let host = value["host"]?.string,
      let chance = value["chance"]?.string
    else { return nil }
    self.host = host
    self.chance = chance
    process = value["process"]?.string.flatMap { ProcessIdentity(parsing: $0) }
  }

  /// Whether its holder is surely gone: a process of this host that no longer runs.
  var isDead: Bool {
    guard host == Environment.hostName, let process else { return false }
    return !process.isAlive
  }

  /// Whether its holder surely lives: a process of this host that runs.
  var isAliveHere: Bool {
    guard host == Environment.hostName, let process else { return false }
    return process.isAlive
  }

  /// For people: `node-a, process 4711`.
  var holder: String { process.map { "\(host), process \($0.pid)" } ?? host }
}
