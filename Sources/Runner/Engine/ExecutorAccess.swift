import JobProtocol
import Redis

/// A Redis user for executors of another make, which get their URL, and with it a password, on
/// their command line: it reaches nothing but what executors need of one run.
///
/// Reports and completions can still be forged with it, and job messages read: whoever sees the
/// command lines of this user's processes on this host can do that. The journal, the control stream
/// and everything administrative are out of reach.
enum ExecutorAccess {
  static let user = "executor"

  /// The URL for executors, with a new password.
  static func url(at loopback: RedisURL) -> RedisURL {
    var url = loopback
    url.user = user
    url.password = (0..<4).map { _ in String(UInt64.random(in: .min ... .max), radix: 36) }
      .joined()
    return url
  }

  /// Makes the user of the URL. Redis keeps no users over a restart.
  static func grant(_ url: RedisURL, run: RunID, on server: RedisURL) throws(RedisError) {
    let connection = try RedisConnection(server)
    _ = try connection.call(
      RedisCommand(
        ["ACL", "SETUSER", user, "reset", "on", ">\(url.password ?? "")"] + rules(for: run)))
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
    // Clients ask INFO whether the server is ready, though it counts as dangerous.
    return patterns.map { "~\($0)" } + channels.map { "&\($0)" } + [
      "+@all", "-@admin", "-@dangerous", "-@scripting", "-scan", "-randomkey", "+info",
    ]
  }
}
