import Glibc
public import Posix

/// A private Redis server of one run.
///
/// It outlives its starter on purpose: a killed engine leaves it for the one that takes over. Who
/// started it stops it, or starts it again on the same data when it died.
public final class EmbeddedRedis: Sendable {
  public struct Options: Sendable {
    /// Holds the append-only file; made when missing. A restart on it loads everything.
    public var dataDirectory: String
    /// An existing private directory (0700) with a short path, for the socket.
    public var socketDirectory: String
    /// What the server prints is appended here.
    public var logFile: String
    /// Also listen on a free port of 127.0.0.1, behind a password made for this start.
    public var loopback: Bool
    /// The `loopbackURL` of the server that this one replaces: port and password stay, so that
    /// those who know it find the new one.
    public var formerLoopbackURL: RedisURL?
    /// The data come from somebody who may mean no good: no command in them reaches beyond them.
    public var distrusts = false
    /// How those who connect are to make sure that they have found this server.
    public var proof = Proof.none

    public init(
      dataDirectory: String, socketDirectory: String, logFile: String, loopback: Bool = false,
      formerLoopbackURL: RedisURL? = nil
    ) {
      self.dataDirectory = dataDirectory
      self.socketDirectory = socketDirectory
      self.logFile = logFile
      self.loopback = loopback || formerLoopbackURL != nil
      self.formerLoopbackURL = formerLoopbackURL
    }

    public var socketPath: String { Files.join(socketDirectory, "redis.sock") }
  }

  /// What a server shows to those who connect, see `ServerIdentity`.
  public enum Proof: Sendable, Equatable {
    /// Nothing: programs of others may use it.
    case none
    /// That it is a server of the same user.
    case owner
    /// That its data hold the token. `nil`: the one that they hold, or else a new one.
    case token(String?)
  }

  public let child: Child
  /// The Unix socket, with the password if there is one.
  public let url: RedisURL
  /// The loopback port with its password; `nil` unless asked for.
  public let loopbackURL: RedisURL?
  private let end: Descriptor

  init(child: Child, end: consuming Descriptor, url: RedisURL, loopbackURL: RedisURL?) {
    self.child = child
    self.end = end
    self.url = url
    self.loopbackURL = loopbackURL
  }

  /// Starts a server and waits until it answers.
  ///
  /// Throws `serverMissing` when there is none or it ends at once (with its last words), `connect`
  /// when another server uses the data, `timeout` when it does not answer.
  public static func start(options: Options) throws(RedisError) -> EmbeddedRedis {
    try ServerStart(options: options).start()
  }

  /// A server that another process has started, to be watched and stopped as one's own. One that
  /// has an identity without a token gets one. Throws when it has ended meanwhile.
  public static func adopt(
    _ url: RedisURL, loopbackURL: RedisURL? = nil
  ) throws(RedisError) -> EmbeddedRedis {
    var url = url
    if url.identity != nil {
      let token = try token(at: url)
      url.identity?.token = token
    }
    let reply = try RedisConnection(url).call(RedisCommand("INFO", "server"))
    let line = (reply.string ?? "").split(separator: "\r\n").first { $0.hasPrefix("process_id:") }
    guard let pid = line?.split(separator: ":").last.flatMap({ Int32($0) }) else {
      throw RedisError(.unsupported, "the server does not tell its process id", at: url.description)
    }
    let child = Child(pid: pid)
    do throws(PosixError) {
      return EmbeddedRedis(
        child: child, end: try child.endDescriptor(), url: url, loopbackURL: loopbackURL)
    } catch {
      throw RedisError(.connect, "the server has just ended", at: url.description)
    }
  }

  /// Readable as soon as the server has ended.
  public var endDescriptor: Int32 { end.number }

  public var hasEnded: Bool { Poll.wait(for: end.number, POLLIN, milliseconds: 0) }

  /// Asks the server to write everything down and end, and waits; kills it after the grace time.
  public func stop(graceMilliseconds: Int = 10_000) {
    // Both make Redis flush and sync its append-only file; TERM is seen ten times a second only.
    let patience = min(graceMilliseconds, 1000)
    if !hasEnded, (try? Self.shutDown(url, graceMilliseconds: patience)) == nil {
      child.send(SIGTERM)
    }
    if !Poll.wait(for: end.number, POLLIN, milliseconds: graceMilliseconds) { child.send(SIGKILL) }
    _ = child.wait()
  }

  /// Ends a server that somebody else started, e.g. the engine whose run was taken over: everything
  /// is written down, and it is gone when this returns. Throws when it cannot be reached or
  /// refuses.
  public static func shutDown(_ url: RedisURL, graceMilliseconds: Int = 10_000) throws(RedisError) {
    let connection = try RedisConnection(url, timeoutMilliseconds: graceMilliseconds)
    do throws(RedisError) {
      _ = try connection.call(RedisCommand("SHUTDOWN"), timeoutMilliseconds: graceMilliseconds)
    } catch {
      // The connection's end is the answer.
      if error.code != .closed && error.code != .io { throw error }
    }
  }

  /// The token of a server that belongs to this user. It is made where there is none; `nil` where
  /// that is not possible, as on a full disk.
  static func token(at url: RedisURL) throws(RedisError) -> String? {
    let connection = try RedisConnection(url)
    let known = try connection.call(RedisCommand("GET", ServerIdentity.key)).string
    if let known, !known.isEmpty { return known }
    let replies = try connection.run([
      // Somebody else may be making one.
      RedisCommand("SET", ServerIdentity.key, ServerIdentity.newToken(), "NX"),
      RedisCommand("GET", ServerIdentity.key),
    ])
    return replies[1].string
  }
}
