import Engine
import JSONValue
import JobProtocol
import Posix
import Redis
import Runs

/// The journal of a run, for its only writer.
///
/// Events are appended together with the Redis commands that make their effect visible. The writer
/// holds a lease: a token in Redis with a time to live. Once another engine has the lease, nothing
/// more can be written.
actor Journal {
  static let leaseMilliseconds = 15_000
  /// `unpack` in Lua accepts fewer than 8000 values, so longer commands are split.
  static let partLimit = 4000
  /// An entry of the journal takes no further event once it has this many bytes.
  static let entrySize = 256 * 1024

  private let keys: RunKeys
  private let redis: RedisClient
  nonisolated let token: String
  private let lease: Int
  private var commitNumber = 0
  private var renewal: Task<Void, Never>?

  init(
    run: RunID, redis: RedisClient, token: String,
    leaseMilliseconds: Int = Journal.leaseMilliseconds
  ) {
    lease = leaseMilliseconds
    keys = RunKeys(run)
    self.redis = redis
    self.token = token
  }

  /// Takes the lease if nobody holds it, or its holder is dead. If this host cannot find out
  /// whether the holder is dead, waits until the lease is renewed or expires. Throws if another
  /// engine holds it.
  func takeLease() async throws(RunnerError) {
    var ticks = Ticker.ticks(every: 250).makeAsyncIterator()
    var deadToken = ""
    var left: Int?
    while let holder = try await tryToTakeLease(insteadOf: deadToken) {
      let token = LeaseToken(parsing: holder.token)
      if token?.isDead == true {
        deadToken = holder.token
        continue
      }
      let isRenewed = left.map { holder.milliseconds > $0 } ?? false
      left = holder.milliseconds
      guard token?.isAliveHere != true, !isRenewed else {
        let holderText = token.map { " (\($0.holder))" } ?? ""
        throw RunnerError(
          .infrastructure,
          "run \(keys.run.short) has an engine already\(holderText); watch it instead: "
            + "hflow-tui watch \(keys.run.short)")
      }
      _ = await ticks.next()
    }
  }

  /// Returns `nil` if the lease is ours now, else its holder and the time until it expires.
  private func tryToTakeLease(
    insteadOf deadToken: String
  ) async throws(RunnerError) -> (token: String, milliseconds: Int)? {
    let reply: RedisValue
    do throws(RedisError) {
      reply = try await redis.script(
        LeaseScript.script, keys: [keys.lease, keys.commit],
        arguments: [token, lease, deadToken], retry: .always)
    } catch {
      throw error.kind == .noSpace ? noSpace(error) : RunnerError(.infrastructure, "\(error)")
    }
    if let number = reply.integer {
      commitNumber = number
      return nil
    }
    return (reply.array?.first?.string ?? "?", reply.array?.last?.integer ?? 0)
  }

  /// A page of the events after an entry, and the entry after which the next page begins; `nil` if
  /// there are no more.
  func events(
    after entry: String?
  ) async throws(RunnerError) -> (events: [RunEvent], entry: String)? {
    let reply: RedisValue
    do throws(RedisError) {
      reply = try await redis.call(
        RedisCommand("XRANGE", keys.events, entry.map { "(\($0)" } ?? "-", "+", "COUNT", 500),
        retry: .always)
    } catch {
      throw RunnerError(.infrastructure, "the journal cannot be read: \(error)")
    }
    let entries = RedisStreamReader.decodeRange(reply, stream: keys.events)
    guard let last = entries.last else { return nil }
    return (entries.flatMap { JournalEntry.events(in: $0["e"] ?? []).events }, last.id)
  }

  /// Appends events and runs commands in one transaction. Returns when it is written.
  func commit(_ events: [RunEvent], with commands: [RedisCommand] = []) async throws(RunnerError) {
    commitNumber += 1
    let texts = Self.texts(of: events)
    var arguments: [any RedisArgument] = [token, lease, commitNumber, texts.first ?? []]
    let further = texts.dropFirst().map { RedisCommand("XADD", keys.events, "*", "e", $0) }
    for command in further + commands.flatMap(Self.pieces) {
      arguments.append(command.parts.count)
      for part in command.parts { arguments.append(part) }
    }
    let reply = try await send(arguments)
    guard reply.integer != -1 else { throw await lostDataError() }
    guard reply.integer != 0 else {
      throw RunnerError(
        .deposed, "another engine has taken run \(keys.run.short) over; this one stops")
    }
  }

  /// The error when the server has lost what it had acknowledged: some commits, or the whole run.
  private func lostDataError() async -> RunnerError {
    let count = try? await redis.call(
      // Only the start writes the workflow; the other keys may have come back meanwhile.
      RedisCommand("EXISTS", keys.workflow), retry: .always
    ).integer
    let run = keys.run.short
    return RunnerError(
      .interrupted,
      count == 0
        ? "the Redis of run \(run) has lost the run (emptied, or restarted without its data), "
          + "which cannot be resumed; its workers end its jobs unless it is back within a minute; "
          + "start the workflow again with: hflow-tui run"
        : "the Redis of run \(run) has lost commits that it had acknowledged (is appendonly set?); "
          + "resume from what it has with: hflow-tui resume \(run)")
  }

  /// Sends a commit. The client waits out errors that may pass, so an error that it throws ends the
  /// engine, and only the engine.
  private func send(_ arguments: [any RedisArgument]) async throws(RunnerError) -> RedisValue {
    do throws(RedisError) {
      return try await redis.script(
        CommitScript.script, keys: [keys.lease, keys.commit, keys.events],
        arguments: arguments, retry: .always)
    } catch {
      throw error.kind == .noSpace ? noSpace(error) : unwritable(error)
    }
  }

  private func noSpace(_ error: RedisError) -> RunnerError {
    unwritable(error, "free some space, then ")
  }

  private func unwritable(_ error: RedisError, _ advice: String = "") -> RunnerError {
    RunnerError(
      .interrupted,
      "the journal of run \(keys.run.short) cannot be written: \(error.message); running jobs "
        + "continue; \(advice)resume with: hflow-tui resume \(keys.run.short)")
  }

  /// Keeps renewing the lease, also during a long turn, until `dropLease`, or until the connection
  /// is closed or another engine has the lease.
  func keepLease() {
    renewal?.cancel()
    let lease = LeasedRedis(
      run: keys.run, token: token, redis: redis, leaseMilliseconds: lease)
    renewal = Task {
      for await _ in Ticker.ticks(every: lease.leaseMilliseconds / 3) {
        do throws(RedisError) {
          guard try await lease.renew() else { return }
        } catch {
          if error.code == .closed { return }
        }
      }
    }
  }

  /// Renews the lease with a commit without events.
  func renewLease(with commands: [RedisCommand] = []) async throws(RunnerError) {
    try await commit([], with: commands)
  }

  /// Gives up the lease, unless another engine has it.
  func dropLease() async {
    renewal?.cancel()
    // A renewal that has been sent would take the lease again.
    await renewal?.value
    let script = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"
    _ = try? await redis.call(RedisCommand("EVAL", script, 1, keys.lease, token))
  }

  /// Splits a long command. Only commands of the form `NAME key member…` get long, and several of
  /// them have the same effect.
  private static func pieces(of command: RedisCommand) -> [RedisCommand] {
    let parts = command.parts
    guard parts.count > partLimit else { return [command] }
    return stride(from: 2, to: parts.count, by: partLimit).map { start in
      RedisCommand(Array(parts[..<2] + parts[start..<min(start + partLimit, parts.count)]))
    }
  }

  /// The events as journal entries, as many as needed so that none exceeds what a server accepts in
  /// one value.
  private static func texts(of events: [RunEvent]) -> [[UInt8]] {
    var texts: [[UInt8]] = []
    var entry = JournalEntry()
    for event in events {
      entry.append(event)
      if entry.bytes.count >= entrySize {
        texts.append(entry.bytes)
        entry = JournalEntry()
      }
    }
    return entry.isEmpty ? texts : texts + [entry.bytes]
  }
}
