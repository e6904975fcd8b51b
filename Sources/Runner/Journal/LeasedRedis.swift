import JobProtocol
import Redis

/// Redis as the holder of a run's lease may use it outside of commits: each step first checks that
/// the lease is still ours, and renews it.
///
/// So an engine that was suspended, or cut off, and replaced meanwhile moves no job and gives no
/// order any more. What has many parts is done in slices, because Redis serves nobody else while a
/// script runs.
struct LeasedRedis: Sendable {
  /// A script whose own keys are KEYS[3…] and whose own arguments are ARGV[3…]. It must not return
  /// -1.
  struct Script: Sendable {
    fileprivate let script: RedisScript

    init(_ body: String) { script = RedisScript(Self.check + body) }

    /// The same rule as that of a commit (`CommitScript`).
    private static let check = """
      local holder = redis.call('GET', KEYS[1])
      local owner = string.match(redis.call('GET', KEYS[2]) or '', '^%d+/?%d* ?(.*)$')
      if owner ~= ARGV[1] or (holder and holder ~= ARGV[1]) then return -1 end
      redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])

      """
  }

  let run: RunID
  let token: String
  let leaseMilliseconds: Int
  let redis: RedisClient

  init(
    run: RunID, token: String, redis: RedisClient,
    leaseMilliseconds: Int = Journal.leaseMilliseconds
  ) {
    self.run = run
    self.token = token
    self.redis = redis
    self.leaseMilliseconds = leaseMilliseconds
  }

  /// Runs a script, again if its answer is lost: it must bear that. Throws `server` when another
  /// engine has taken the run over.
  @discardableResult
  func call(
    _ script: Script, keys: [String] = [], arguments: [any RedisArgument] = []
  ) async throws(RedisError) -> RedisValue {
    guard let reply = try await reply(to: script, keys, arguments) else {
      throw RedisError(
        .server, "another engine has taken run \(run.short) over", at: redis.url.description)
    }
    return reply
  }

  /// Renews the lease; returns false when it is another engine's.
  func renew() async throws(RedisError) -> Bool { try await reply(to: Self.nothing) != nil }

  private func reply(
    to script: Script, _ keys: [String] = [], _ arguments: [any RedisArgument] = []
  ) async throws(RedisError) -> RedisValue? {
    let run = RunKeys(run)
    let reply = try await redis.script(
      script.script, keys: [run.lease, run.commit] + keys,
      arguments: [token, leaseMilliseconds] + arguments, retry: .always)
    return reply.integer == -1 ? nil : reply
  }

  /// Runs commands in their order; doing so again must do no harm.
  func perform(_ commands: [RedisCommand]) async throws(RedisError) {
    for start in stride(from: 0, to: commands.count, by: Self.commandsAtOnce) {
      var arguments: [any RedisArgument] = []
      for command in commands[start..<min(start + Self.commandsAtOnce, commands.count)] {
        arguments.append(command.parts.count)
        for part in command.parts { arguments.append(part) }
      }
      try await call(Self.commands, arguments: arguments)
    }
  }

  /// Some milliseconds of Redis' time.
  private static let commandsAtOnce = 1000

  private static let commands = Script(
    """
    local i = 3
    while i <= #ARGV do
      local count = tonumber(ARGV[i])
      redis.call(unpack(ARGV, i + 1, i + count))
      i = i + count + 1
    end
    return 1
    """)

  private static let nothing = Script("return 1")
}
