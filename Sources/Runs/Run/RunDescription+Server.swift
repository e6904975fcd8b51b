import Glibc
import Posix
public import Redis

/// The only way from a run's files to its Redis and its engine.
extension RunDescription {
  /// The URL of the run's Redis. The run's own server must prove its identity, see
  /// `ServerIdentity`. Every connection to it gets its URL from here or from the process that
  /// started the server.
  public func server(in directory: RunDirectory) throws(RedisError) -> RedisURL {
    var url = try RedisURL(parsing: redis)
    guard hasPrivateRedis else { return url }
    // Root may view the runs of other users.
    let owner =
      geteuid() == 0 ? Files.owner(of: directory.path).flatMap { $0 == 0 ? nil : $0 } : nil
    url.identity = ServerIdentity(
      token: token, owner: owner, link: directory.socketLink,
      dataDirectory: directory.redisData)
    return url
  }

  /// Stores where the run's own Redis is now.
  package mutating func setServer(_ url: RedisURL) {
    var place = url
    place.identity = nil
    redis = place.text
    token = url.identity?.token
  }

  /// The process id of the engine that drives the run, if it is alive on this host. This comes from
  /// `run.json`, so it is known even if the run's Redis, with the lease, cannot be reached.
  public var livingEngine: Int? {
    if let engine {
      return host == Environment.hostName && engine.isAlive ? engine.pid : nil
    }
    // Earlier versions stored only the process id, which another process may have by now.
    guard !namesEngine, enginePid != Environment.processID, Self.isEngine(enginePid) else {
      return nil
    }
    return enginePid
  }

  private static func isEngine(_ pid: Int) -> Bool {
    guard Files.owner(of: "/proc/\(pid)") == geteuid() else { return false }
    let words = ProcessTable.commandLine(of: pid)
    guard let program = words.first, Files.name(of: program).hasPrefix("hflow-tui") else {
      return false
    }
    return !Set(words).isDisjoint(with: ["engine", "run", "resume", "recover"])
  }

  /// Stores that this process drives the run.
  package mutating func nameEngine() {
    namesEngine = true
    host = Environment.hostName
    enginePid = Environment.processID
    engine = ProcessIdentity(of: Environment.processID)
  }

  /// Stores that this process no longer drives the run, although it may continue to run.
  package static func engineHasLeft(_ directory: RunDirectory) {
    guard var description = read(in: directory), let engine = description.engine,
      engine == ProcessIdentity(of: Environment.processID)
    else { return }
    description.engine = nil
    try? description.write(in: directory)
  }
}
