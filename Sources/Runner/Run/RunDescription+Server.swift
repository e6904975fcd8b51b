import Glibc
import Posix
public import Redis

/// The one way from a run's files to its Redis, and to the engine that drives it.
extension RunDescription {
  /// Where its Redis is. The run's own is believed only when it proves to be that, see
  /// `ServerIdentity`; every connection to it has its URL from here or from who has started it.
  public func server(in directory: RunDirectory) throws(RedisError) -> RedisURL {
    var url = try RedisURL(parsing: redis)
    guard isEmbedded else { return url }
    // Root looks at the runs of others, too.
    let owner =
      geteuid() == 0 ? Files.owner(of: directory.path).flatMap { $0 == 0 ? nil : $0 } : nil
    url.identity = ServerIdentity(token: token, owner: owner, link: directory.socketLink)
    return url
  }

  /// Writes down where the run's own Redis is now.
  mutating func setServer(_ url: RedisURL) {
    var place = url
    place.identity = nil
    redis = place.text
    token = url.identity?.token
  }

  /// The process of the engine that drives the run, if it is one of this host that lives. This is
  /// known without Redis: a lease in a server that cannot be reached is alive, too.
  public var livingEngine: Int? {
    if let engine {
      return host == Environment.hostName && engine.isAlive ? engine.pid : nil
    }
    // Former versions wrote the number alone, which another process may have by now.
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

  /// Says that this process drives the run.
  mutating func nameEngine() {
    namesEngine = true
    host = Environment.hostName
    enginePid = Environment.processID
    engine = ProcessIdentity(of: Environment.processID)
  }

  /// Says that this process, which may live on, drives the run no more.
  static func engineHasLeft(_ directory: RunDirectory) {
    guard var description = read(in: directory), let engine = description.engine,
      engine == ProcessIdentity(of: Environment.processID)
    else { return }
    description.engine = nil
    try? description.write(in: directory)
  }
}
