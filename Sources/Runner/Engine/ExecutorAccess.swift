import JobProtocol
import Redis

/// A Redis user for programs that must not have the password of the run's Redis: executors of
/// another make, which get their URL on their command line, and functions in JavaScript, which
/// start such executors. It reaches nothing but what executors need of one run.
///
/// Reports and completions can still be forged with it, and job messages read: whoever sees the
/// command lines of this user's processes on this host can do that. The journal, the control
/// stream, the queue of workers and everything administrative are out of reach.
enum ExecutorAccess {
  private static let user = "executor"

  /// The URL for executors, with a new password. A server that others use, too, has a user for each
  /// run.
  static func url(at server: RedisURL, sharedBy run: RunID? = nil) -> RedisURL {
    var url = server
    url.user = run.map { "hflow-\($0)" } ?? user
    url.password = (0..<4).map { _ in String(UInt64.random(in: .min ... .max), radix: 36) }
      .joined()
    return url
  }

  /// Makes the user of the URL. Redis keeps no users over a restart. A password that a former
  /// engine of the run has given stays: its executors may still run.
  static func grant(_ url: RedisURL, run: RunID, on server: RedisURL) throws(RedisError) {
    _ = try RedisConnection(server).call(command(granting: url, run: run))
  }

  /// May be sent again and again.
  static func command(granting url: RedisURL, run: RunID) -> RedisCommand {
    RedisCommand(
      [
        "ACL", "SETUSER", url.user ?? user, "on", "resetkeys", "resetchannels", "-@all",
        ">\(url.password ?? "")",
      ] + rules(for: run))
  }

  /// Takes the user of a shared server away again.
  static func withdraw(_ url: RedisURL, on server: RedisURL) {
    guard let user = url.user, user != server.user else { return }
    _ = try? RedisConnection(server, timeoutMilliseconds: 2000).call(
      RedisCommand("ACL", "DELUSER", user))
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

extension RedisURL {
  /// The same place without user and password.
  var withoutLogin: RedisURL {
    var url = self
    url.user = nil
    url.password = nil
    return url
  }
}
