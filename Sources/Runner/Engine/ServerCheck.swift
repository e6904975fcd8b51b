import Dispatch
import JobProtocol
import Redis

/// Checks before a run starts whether a Redis is suitable: what it reports about itself, and
/// whether it executes each command that a run needs, on keys that are deleted at once.
///
/// | the server | result |
/// |---|---|
/// | is older than 6.2, a cluster, a sentinel, a read-only replica | error |
/// | does not know a command, or does not permit it | error |
/// | refuses to write (disk or memory full, too few replicas) | error |
/// | may delete keys when its memory is full | warning |
/// | keeps nothing on disk, or only snapshots | warning |
/// | is watched by sentinels, and writes without a replica | warning |
///
/// If `INFO` or `CONFIG` is denied, what they would report counts as suitable.
struct ServerCheck: Sendable {
  /// The findings, one line each.
  private(set) var errors: [String] = []
  private(set) var warnings: [String] = []
  /// The longest value that the server accepts, in bytes.
  private(set) var longestValue = ServerCheck.usualLongestValue

  static let usualLongestValue = 512 << 20
  private static let oldest = [6, 2]
  /// How many bytes of a query may be other than the value.
  private static let overhead = 64 << 10

  private let place: String
  private let isWatched: Bool

  /// Checks on a thread of its own, because the connection blocks.
  static func run(_ url: RedisURL, for run: RunID, isOwn: Bool, oneShot: Bool)
    async throws(RedisError)
    -> ServerCheck
  {
    let result = await withCheckedContinuation {
      (done: CheckedContinuation<Result<ServerCheck, RedisError>, Never>) in
      DispatchQueue(label: "hflow.server-check").async {
        done.resume(
          returning: Result { () throws(RedisError) in
            try ServerCheck(asking: url, for: run, isOwn: isOwn, oneShot: oneShot)
          })
      }
    }
    return try result.get()
  }

  private init(asking url: RedisURL, for run: RunID, isOwn: Bool, oneShot: Bool) throws(RedisError)
  {
    place = "Redis at \(url)"
    isWatched = if case .sentinel = url.endpoint { true } else { false }
    let connection = try RedisConnection(url)
    let replies = try connection.run([
      RedisCommand("INFO"), RedisCommand("CONFIG", "GET", "proto-max-bulk-len"),
      RedisCommand("CONFIG", "GET", "client-query-buffer-limit"),
      RedisCommand("CONFIG", "GET", "save"),
    ])
    let info = Self.fields(replies[0].string ?? "")
    let limits = replies[1...2].compactMap { $0.array?.last?.integer }.filter { $0 > 0 }
    if let minimum = limits.min() { longestValue = max(Self.overhead, minimum - Self.overhead) }
    check(info)
    // The run's own server has our configuration.
    if isOwn { return }
    if errors.isEmpty { try probe(connection, Self.probes(run, oneShot: oneShot)) }
    if errors.isEmpty { warn(info, snapshots: replies[3].array?.last?.string) }
  }

  // MARK: What the server reports

  private static func fields(_ text: String) -> [String: String] {
    let lines = text.split(whereSeparator: \.isNewline).map {
      $0.split(separator: ":", maxSplits: 1)
    }
    return Dictionary(
      lines.filter { $0.count == 2 }.map { (String($0[0]), String($0[1])) },
      uniquingKeysWith: { first, _ in first })
  }

  private mutating func check(_ info: [String: String]) {
    if let version = info["redis_version"] {
      let parts = version.split(separator: ".").compactMap { Int($0) }
      if parts.lexicographicallyPrecedes(Self.oldest) {
        errors.append("\(place) is version \(version); version 6.2 or later is needed")
      }
    }
    if info["redis_mode"] == "cluster" || info["cluster_enabled"] == "1" {
      errors.append("\(place) is in cluster mode; give a Redis that is not")
    }
    if info["redis_mode"] == "sentinel" {
      errors.append("\(place) is a sentinel; write redis+sentinel://HOST:PORT/MASTER")
    }
    if info["role"] == "slave", info["slave_read_only"] != "0" {
      let master = [info["master_host"], info["master_port"]].compactMap { $0 }
      errors.append(
        "\(place) is a read-only replica: use \(master.joined(separator: ":"))")
    }
  }

  private mutating func warn(_ info: [String: String], snapshots: String?) {
    if let policy = info["maxmemory_policy"], policy != "noeviction" {
      warnings.append(
        "\(place) deletes keys when its memory is full (maxmemory-policy \(policy)), and with "
          + "them the run: set noeviction")
    }
    if info["role"] == "slave" {
      warnings.append(
        "\(place) is a replica: what the run writes is lost at its next synchronization")
    }
    if isWatched, info["role"] == "master", info["min_slaves_good_slaves"] == nil {
      warnings.append(
        "\(place) writes also while it has no replica: a failover may lose the last seconds of the "
          + "run; set min-replicas-to-write 1")
    }
    guard info["aof_enabled"] == "0" else { return }
    warnings.append(
      snapshots == ""
        ? "\(place) keeps nothing on disk: when it restarts, the run is lost; set appendonly yes"
        : "\(place) keeps snapshots only: when it restarts, the last minutes of the run may be "
          + "lost; set appendonly yes")
  }

  // MARK: What the server executes

  private mutating func probe(
    _ connection: RedisConnection, _ commands: [RedisCommand]
  ) throws(RedisError) {
    let replies = try connection.run(commands)
    var unknown: [String] = []
    var denied: [String] = []
    for (command, reply) in zip(commands, replies) {
      guard let text = reply.errorText else { continue }
      // If SCRIPT LOAD or MULTI was refused, its reply says why.
      if text.hasPrefix("NOSCRIPT") || text.hasPrefix("ERR EXEC without MULTI") { continue }
      if text.contains("unknown command") {
        unknown.append(command.name)
      } else if RedisError.kind(ofReply: text) == .refused {
        denied.append(command.name)
      } else {
        add(RedisError(.server, text), to: command)
      }
    }
    if !unknown.isEmpty {
      errors.append(
        "\(place) does not know \(Self.list(unknown)); a Redis or Valkey 6.2 or later with all its "
          + "commands is needed")
    }
    if !denied.isEmpty {
      errors.append(
        "\(place) does not permit \(Self.list(denied)) on the keys of a run (docs/protocol.md): "
          + "grant that to the user of the URL")
    }
  }

  private mutating func add(_ error: RedisError, to command: RedisCommand) {
    let line =
      switch error.kind {
      case .noSpace: "\(place) cannot write: \(error.message); free some space"
      case .notReady: "\(place) is not ready: \(error.message)"
      case .connection, .refused, .other: "\(place) does not do \(command.name): \(error.message)"
      }
    let isKnown = errors.contains { $0.hasSuffix(error.message) || $0 == line }
    if !isKnown { errors.append(line) }
  }

  private static func list(_ names: [String]) -> String {
    var seen: Set<String> = []
    return names.filter { seen.insert($0).inserted }.joined(separator: ", ")
  }

  private static let probeScript = "return redis.call('EXISTS', KEYS[1])"
  /// SHA-1 of `return 1`.
  private static let knownScript = "e0e1f9fabfc9d4800c877a703b823ac0578ff8db"

  /// Each command of the protocol once. Nothing that they write is kept.
  private static func probes(_ run: RunID, oneShot: Bool) -> [RedisCommand] {
    let pool = PoolKeys("\(run)-probe")
    let key = RunKeys(run).info + ":probe"
    let (hash, list, stream) = (key + ":hash", pool.queue, key + ":stream")
    let task = "\(run):0:0:0"
    let message = OriginalKeys.message(task: task)
    let sets =
      [pool.workers, OriginalKeys.completedTasks(workflow: task)]
      + (oneShot ? [OriginalKeys.allJobs] : [])
    let member = key
    var probes = [
      RedisCommand("SET", key, 1, "PX", 60_000), RedisCommand("GET", key),
      RedisCommand("EXISTS", key), RedisCommand("MGET", key), RedisCommand("INCR", key),
      RedisCommand("INCRBY", OriginalKeys.nextWorkflowID, 0),
      RedisCommand("HSET", hash, "a", 1), RedisCommand("HGET", hash, "a"),
      RedisCommand("ZADD", key + ":zset", 1, "a"), RedisCommand("ZCOUNT", key + ":zset", 0, 1),
      RedisCommand("ZREM", key + ":zset", "a"),
      RedisCommand("LPUSH", list, "a"), RedisCommand("RPUSH", list, "b"),
      RedisCommand("LRANGE", list, 0, -1), RedisCommand("LLEN", list), RedisCommand("UNLINK", key),
      RedisCommand("LREM", list, 1, "b"),
      RedisCommand("LMOVE", list, pool.paused, "RIGHT", "LEFT"),
      RedisCommand("BLMOVE", pool.paused, list, "RIGHT", "LEFT", 1),
      RedisCommand("XADD", stream, "*", "a", 1), RedisCommand("XRANGE", stream, "-", "+"),
      RedisCommand("XREVRANGE", stream, "+", "-"),
      RedisCommand("XREAD", "STREAMS", stream, 0), RedisCommand("XTRIM", stream, "MINID", 0),
      RedisCommand("EVAL", probeScript, 1, key), RedisCommand("SCRIPT", "LOAD", "return 1"),
      RedisCommand("EVALSHA", knownScript, 0), RedisCommand("MULTI"), RedisCommand("EXEC"),
      RedisCommand("PUBLISH", pool.orders, "a"),
    ]
    for set in sets {
      probes += [
        RedisCommand("SADD", set, member), RedisCommand("SMEMBERS", pool.workers),
        RedisCommand("SISMEMBER", set, member), RedisCommand("SREM", set, member),
      ]
    }
    if oneShot {
      probes += [
        RedisCommand("LPUSH", message, "a"), RedisCommand("BRPOPLPUSH", message, message, 1),
        RedisCommand("DEL", message),
      ]
    }
    probes.append(RedisCommand("DEL", key, hash, list, stream, key + ":zset", pool.paused))
    // SUBSCRIBE comes last: a subscribed connection accepts no other commands.
    return probes + [RedisCommand("SUBSCRIBE", pool.orders)]
  }
}
