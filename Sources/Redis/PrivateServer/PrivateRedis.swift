import Glibc
public import Posix

/// A private Redis server of one run.
///
/// It outlives its starter on purpose: a killed engine leaves it for its successor, which stops
/// it, or restarts it on the same data if it has died.
public final class PrivateRedis: Sendable {
  public struct Options: Sendable {
    /// The directory of the append-only file; created if missing. A restart loads it.
    public var dataDirectory: String
    /// An existing private directory (0700) with a short path, for the socket.
    public var socketDirectory: String
    /// The file to which the server's output is appended.
    public var logFile: String
    /// Also listen on a free port of 127.0.0.1, with a random password.
    public var loopback: Bool
    /// Another address of this host to listen on, at the same port; `nil` for 127.0.0.1 alone.
    public var address: String?
    /// The `loopbackURL` of the replaced server: port and password are kept, so that
    /// clients find the new one.
    public var formerLoopbackURL: RedisURL?
    /// Whether the data are untrusted: then commands with effects outside the data are disabled.
    public var hasUntrustedData = false
    /// How clients verify that they have found this server.
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

  /// The proof that a server gives to clients, see `ServerIdentity`.
  public enum Proof: Sendable, Equatable {
    /// None: other programs may use it.
    case none
    /// The server runs as the same user.
    case owner
    /// The data contain this token. `nil`: the stored token, or a new one.
    case token(String?)
  }

  public let child: Child
  /// The Unix socket, with the password if there is one.
  public let url: RedisURL
  /// The port with its password, if requested: at `Options.address`, else at 127.0.0.1.
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
  /// Throws `serverMissing` if there is none or it ends at once (with its last line),
  /// `connect` if another server uses the data, `timeout` if it does not answer.
  public static func start(options: Options) throws(RedisError) -> PrivateRedis {
    try ServerStart(options: options).start()
  }

  /// Adopts a server that another process has started, to watch and stop it. Gives it a token
  /// if its identity has none. Throws if it has ended.
  public static func adopt(
    _ url: RedisURL, loopbackURL: RedisURL? = nil
  ) throws(RedisError) -> PrivateRedis {
    var url = url
    if url.identity != nil {
      let token = try token(at: url)
      url.identity?.token = token
    }
    let reply = try RedisConnection(url).call(RedisCommand("INFO", "server"))
    let line = (reply.string ?? "").split(separator: "\r\n").first { $0.hasPrefix("process_id:") }
    guard let pid = line?.split(separator: ":").last.flatMap({ Int32($0) }) else {
      throw RedisError(
        .unsupported, "the server does not report its process id", at: url.description)
    }
    let child = Child(pid: pid)
    do throws(PosixError) {
      return PrivateRedis(
        child: child, end: try child.endDescriptor(), url: url, loopbackURL: loopbackURL)
    } catch {
      throw RedisError(.connect, "the server has just ended", at: url.description)
    }
  }

  /// Readable when the server has ended.
  public var endDescriptor: Int32 { end.number }

  public var hasEnded: Bool { Poll.wait(for: end.number, POLLIN, milliseconds: 0) }

  /// Asks the server to save its data and end; kills it after the grace time.
  public func stop(graceMilliseconds: Int = 10_000) {
    // SHUTDOWN first: like TERM, it makes Redis sync its append-only file, and Redis checks for
    // TERM only ten times a second.
    let replyMilliseconds = min(graceMilliseconds, 1000)
    if !hasEnded, (try? Self.shutDown(url, graceMilliseconds: replyMilliseconds)) == nil {
      child.send(SIGTERM)
    }
    if !Poll.wait(for: end.number, POLLIN, milliseconds: graceMilliseconds) { child.send(SIGKILL) }
    _ = child.wait()
  }

  /// Stops a server that another process has started; its data are saved when this returns.
  /// Throws if it cannot be reached or refuses.
  public static func shutDown(_ url: RedisURL, graceMilliseconds: Int = 10_000) throws(RedisError) {
    let connection = try RedisConnection(url, timeoutMilliseconds: graceMilliseconds)
    do throws(RedisError) {
      _ = try connection.call(RedisCommand("SHUTDOWN"), timeoutMilliseconds: graceMilliseconds)
    } catch {
      // The end of the connection is the answer.
      if error.code != .closed && error.code != .io { throw error }
    }
  }

  /// The token of a server of this user. Created if there is none; `nil` if that is not
  /// possible, as on a full disk.
  static func token(at url: RedisURL) throws(RedisError) -> String? {
    let connection = try RedisConnection(url)
    let known = try connection.call(RedisCommand("GET", ServerIdentity.key)).string
    if let known, !known.isEmpty { return known }
    let replies = try connection.run([
      // Another process may be creating one.
      RedisCommand("SET", ServerIdentity.key, Secret.random(), "NX"),
      RedisCommand("GET", ServerIdentity.key),
    ])
    return replies[1].string
  }
}
