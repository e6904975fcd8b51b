import JobProtocol
import Posix
import Redis

/// A Redis user for programs that must not get the password of the run's Redis: foreign executors,
/// whose URL is on their command line, and JavaScript functions, which start such executors. The
/// user has access only to what executors need of one run.
///
/// Everybody who can see the command lines of this user's processes can still use the Redis user to
/// forge reports and completions, and to read job messages. The journal, the control stream, the
/// queue of workers and administrative commands are out of reach.
enum ExecutorAccess {
  private static let user = "executor"
  /// The user of workers that reach Redis over the network; also for executors and functions of
  /// such a run.
  private static let worker = "worker"

  static func isForWorkers(_ url: RedisURL) -> Bool { url.user == worker }

  /// The URL for executors, with a new password. On a server that other runs use too, each run has
  /// a user of its own.
  static func url(
    at server: RedisURL, sharedBy run: RunID? = nil, forWorkers: Bool = false
  ) -> RedisURL {
    var url = server
    url.user = run.map { "hflow-\($0)" } ?? (forWorkers ? worker : user)
    url.password = Secret.random()
    return url
  }

  /// Creates the user of the URL. Redis forgets users when it restarts. Passwords that a former
  /// engine of the run has given remain valid: its executors may still run.
  static func grant(_ url: RedisURL, run: RunID, on server: RedisURL) throws(RedisError) {
    _ = try RedisConnection(server).call(command(granting: url, run: run))
  }

  /// Idempotent.
  static func command(granting url: RedisURL, run: RunID) -> RedisCommand {
    RedisCommand(
      [
        "ACL", "SETUSER", url.user ?? user, "on", "resetkeys", "resetchannels", "-@all",
        ">\(url.password ?? "")",
      ] + rules(for: run) + (isForWorkers(url) ? workerRules(for: run) : []))
  }

  /// Deletes the user from a shared server.
  static func withdraw(_ url: RedisURL, on server: RedisURL) {
    guard let user = url.user, user != server.user else { return }
    _ = try? RedisConnection(server, timeoutMilliseconds: 2000).call(
      RedisCommand("ACL", "DELUSER", user))
  }

  /// What workers need besides: the queues and lists of the pool, and to see that the run exists.
  private static func workerRules(for run: RunID) -> [String] {
    let keys = RunKeys(run)
    let pool = PoolKeys(run.text)
    return [
      "~hf:pool:\(run):*", "%R~\(keys.lease)", "%R~\(keys.info)", "%R~\(keys.workflow)",
      "&\(pool.orders)", "+eval", "+client|unblock", "+client|id", "+client|setname",
    ]
  }

  private static func rules(for run: RunID) -> [String] {
    let keys = RunKeys(run)
    let patterns = [
      "\(run):*", OriginalKeys.pendingCompletions(workflow: "*"),
      OriginalKeys.completedTasks(workflow: "*"), OriginalKeys.allJobs, keys.reports,
      keys.completions, keys.cancelled, RunKeys.log(job: "\(run):*"),
      RunKeys.alive(job: "\(run):*"), RunKeys.ran(job: "\(run):*"),
    ]
    let channels = [keys.orders, RunKeys.log(job: "\(run):*")]
    // Clients send INFO to learn whether the server is ready, and ROLE whether it is the master,
    // although they are in `@dangerous`.
    return patterns.map { "~\($0)" } + channels.map { "&\($0)" } + [
      "+@all", "-@admin", "-@dangerous", "-@scripting", "-scan", "-randomkey", "+info", "+role",
    ]
  }
}
