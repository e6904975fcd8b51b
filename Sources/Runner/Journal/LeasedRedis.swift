import JobProtocol
import Redis

/// Effects in Redis outside of commits. Each step first checks that this engine still holds the
/// lease, and renews it.
///
/// So an engine that was suspended or disconnected, and was replaced, cannot move jobs or send
/// orders. Long work is done in slices, because Redis serves nobody else while a script runs.
struct LeasedRedis: Sendable {
  /// A script that gets its own keys as KEYS[3…] and its own arguments as ARGV[3…]. It must not
  /// return -1.
  struct Script: Sendable {
    fileprivate let script: RedisScript

    init(_ body: String) { script = RedisScript(Self.check + body) }

    /// The same rule as in `CommitScript`.
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

  /// Runs a script, which must be idempotent: it is sent again if its answer is lost. Throws
  /// `server` if another engine has taken the run over.
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

  /// Renews the lease. Returns false if another engine has it.
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

  /// Runs commands in order. They must be idempotent.
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

  /// This many commands take Redis some milliseconds.
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
