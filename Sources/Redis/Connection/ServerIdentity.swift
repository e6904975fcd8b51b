import Glibc
import Posix

/// What tells a run's own server from any other that listens in its place.
///
/// A URL that has one is believed only when the server proves to be the right one: before anything
/// is sent, the socket, its directory and the process that answers must belong to the right user;
/// before any other reply is used, the server must know the token.
public struct ServerIdentity: Sendable, Equatable {
  /// A random text that the data hold since the server's first start. `nil` where it is not known,
  /// as for runs of former versions: then the owner alone counts.
  public var token: String?
  /// A second user whose server is accepted, besides this process's own. Root needs it to open the
  /// runs of other users.
  public var owner: UInt32?
  /// A symbolic link that leads to the socket where that has had to move.
  public var link: String?

  public init(token: String? = nil, owner: UInt32? = nil, link: String? = nil) {
    self.token = token
    self.owner = owner
    self.link = link
  }

  /// Where the token lies in the data.
  public static let key = "hf:server:token"

  /// How the names of directories begin in which runs' own servers have their sockets. A URL that
  /// names one needs a server of the same user, also where a person has typed it.
  public static let directoryPrefix = "hflow-run-"

  static func isImplied(byPath path: String) -> Bool {
    Files.name(of: Files.parent(of: path)).hasPrefix(directoryPrefix)
  }

  public static func newToken() -> String {
    (0..<4).map { _ in String(UInt64.random(in: .min ... .max), radix: 36) }.joined()
  }

  /// Where the socket is now: in the known place, or where the link leads.
  func place(_ known: String) -> String {
    if (try? PrivateSocket.check(known, owners: owners)) != nil { return known }
    return link.flatMap { Files.linkTarget($0) } ?? known
  }

  public var owners: Set<UInt32> { Set([geteuid()] + (owner.map { [$0] } ?? [])) }
}

extension RedisURL {
  /// Where to connect now. Throws `connect` when another user may have made the socket there:
  /// ours may come back.
  func checkedEndpoint() throws(RedisError) -> Endpoint {
    guard let identity else { return endpoint }
    guard case .unix(let known) = endpoint else {
      throw distrust("a run's own server listens on a socket only")
    }
    let path = identity.place(known)
    guard path.hasPrefix("/"), path.utf8.count <= Self.longestSocketPath else {
      throw distrust("\(path) is no path of a socket")
    }
    do throws(PrivateSocket.Flaw) {
      try PrivateSocket.check(path, owners: identity.owners)
    } catch {
      // Connecting fails by itself then, with words that say so.
      if !error.isMissing { throw distrust(error.description) }
    }
    return .unix(path: path)
  }

  /// Whether the socket of a run's own server is where it should be, and nobody else's.
  public var hasPrivateSocket: Bool {
    guard let identity, case .unix(let path) = try? checkedEndpoint() else { return false }
    return (try? PrivateSocket.check(path, owners: identity.owners)) != nil
  }

  /// Checks who has answered.
  func checkPeer(of descriptor: Int32) throws(RedisError) {
    guard let identity else { return }
    do throws(PrivateSocket.Flaw) {
      try PrivateSocket.check(peerOf: descriptor, owners: identity.owners)
    } catch {
      throw distrust(error.description)
    }
  }

  func distrust(_ reason: String) -> RedisError {
    RedisError(.connect, "it is not the run's own server: \(reason)", at: description)
  }
}
