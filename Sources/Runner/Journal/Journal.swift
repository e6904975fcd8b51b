public import Engine
import JSONValue
import JobProtocol
import Redis

/// The run's journal as its one writer sees it.
///
/// Events are appended together with the Redis commands that make their effect visible. The writer
/// holds a lease: a token in Redis with a time to live. Once somebody else has it, nothing more can
/// be written.
actor Journal {
  static let leaseMilliseconds = 15_000
  /// `unpack` in Lua takes less than 8000 values; longer commands go in pieces.
  static let partLimit = 4000

  private let keys: RunKeys
  private let redis: RedisClient
  private let token: String
  private let lease: Int
  private var commitNumber = 0

  init(
    run: RunID, redis: RedisClient, token: String,
    leaseMilliseconds: Int = Journal.leaseMilliseconds
  ) {
    lease = leaseMilliseconds
    keys = RunKeys(run)
    self.redis = redis
    self.token = token
  }

  /// Takes the lease of a run that nobody holds.
  func takeLease() async throws(RunnerError) {
    let reply: RedisValue
    do {
      reply = try await redis.call(
        RedisCommand("SET", keys.lease, token, "NX", "PX", lease),
        retry: .always)
    } catch {
      throw RunnerError(.infrastructure, "\(error)")
    }
    guard reply.string == "OK" else {
      throw RunnerError(
        .infrastructure, "run \(keys.run.short) has an engine already; watch it instead")
    }
  }

  /// Appends events and runs commands in one transaction. Returns when it is written.
  func commit(_ events: [RunEvent], with commands: [RedisCommand] = []) async throws(RunnerError) {
    commitNumber += 1
    var arguments: [any RedisArgument] = [
      token, lease, commitNumber, Self.text(of: events),
    ]
    for command in commands.flatMap(Self.pieces) {
      arguments.append(command.parts.count)
      for part in command.parts { arguments.append(part) }
    }
    let reply: RedisValue
    do {
      reply = try await redis.script(
        CommitScript.script, keys: [keys.lease, "\(keys.events):commit", keys.events],
        arguments: arguments, retry: .always)
    } catch {
      throw RunnerError(.infrastructure, "the journal cannot be written: \(error)")
    }
    guard reply.integer != 0 else {
      throw RunnerError(
        .infrastructure, "another engine has taken run \(keys.run.short) over; this one stops")
    }
  }

  /// Renews the lease although there is nothing to write.
  func renewLease() async throws(RunnerError) { try await commit([]) }

  func dropLease() async { _ = try? await redis.call(RedisCommand("DEL", keys.lease)) }

  /// Only commands of the form `NAME key member…` grow long, and they mean the same in pieces.
  private static func pieces(of command: RedisCommand) -> [RedisCommand] {
    let parts = command.parts
    guard parts.count > partLimit else { return [command] }
    return stride(from: 2, to: parts.count, by: partLimit).map { start in
      RedisCommand(Array(parts[..<2] + parts[start..<min(start + partLimit, parts.count)]))
    }
  }

  private static func text(of events: [RunEvent]) -> [UInt8] {
    var bytes: [UInt8] = []
    for event in events {
      if !bytes.isEmpty { bytes.append(0x0A) }
      event.json.write(to: &bytes)
    }
    return bytes
  }
}

/// Reads journal entries back.
public enum JournalEntry {
  /// The events of one entry's field `e`. Lines that are no events are counted, not fatal.
  public static func events(in bytes: [UInt8]) -> (events: [RunEvent], unreadable: Int) {
    var events: [RunEvent] = []
    var unreadable = 0
    for line in bytes.split(separator: 0x0A) {
      if let json = try? JSON(parsing: Array(line)), let event = RunEvent(json) {
        events.append(event)
      } else {
        unreadable += 1
      }
    }
    return (events, unreadable)
  }
}
