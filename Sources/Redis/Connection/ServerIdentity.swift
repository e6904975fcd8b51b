import Glibc
import Posix

/// Distinguishes a run's own server from any other that listens in its place.
///
/// A URL with an identity is trusted only if the server proves it: before anything is sent, the
/// socket, its directory and the answering process must belong to the right user; before any
/// other reply is used, the server must know the token.
public struct ServerIdentity: Sendable, Equatable {
  /// A random text stored in the data since the server's first start. `nil` for runs of
  /// earlier versions: then only the owner is checked.
  public var token: String?
  /// Another accepted user besides this process's own. Root needs it to open the runs of
  /// other users.
  public var owner: UInt32?
  /// A symbolic link to the socket, if the socket had to move.
  public var link: String?
  /// The directory of its data. A copied run has the original's token and address; only the data
  /// tell the two servers apart.
  public var dataDirectory: String?

  public init(
    token: String? = nil, owner: UInt32? = nil, link: String? = nil, dataDirectory: String? = nil
  ) {
    self.token = token
    self.owner = owner
    self.link = link
    self.dataDirectory = dataDirectory
  }

  /// The key of the token in the data.
  public static let key = "hf:server:token"

  /// The prefix of directories for sockets of private servers. A URL with such a directory
  /// needs a server of the same user, also if the user typed it.
  public static let directoryPrefix = "hflow-run-"

  static func isImplied(byPath path: String) -> Bool {
    Files.name(of: Files.parent(of: path)).hasPrefix(directoryPrefix)
  }

  /// The current place of the socket: the known one, or the link's target.
  func place(_ known: String) -> String {
    if (try? PrivateSocket.check(known, owners: owners)) != nil { return known }
    return link.flatMap { Files.linkTarget($0) } ?? known
  }

  public var owners: Set<UInt32> { Set([geteuid()] + (owner.map { [$0] } ?? [])) }
}

extension RedisURL {
  /// The endpoint to connect to. Throws `connect` if another user may have created the socket: the
  /// run's own socket may be restored.
  func checkedEndpoint() throws(RedisError) -> Endpoint {
    guard let identity else { return endpoint }
    guard case .unix(let known) = endpoint else {
      throw untrusted("a run's own server listens on a socket only")
    }
    let path = identity.place(known)
    guard path.hasPrefix("/"), path.utf8.count <= Self.longestSocketPath else {
      throw untrusted("\(path) is not the path of a socket")
    }
    do throws(PrivateSocket.Failure) {
      try PrivateSocket.check(path, owners: identity.owners)
    } catch {
      // Connecting will fail with a suitable message.
      if !error.isMissing { throw untrusted(error.description) }
    }
    return .unix(path: path)
  }

  /// Whether the socket of a private server exists and is private.
  public var hasPrivateSocket: Bool {
    guard let identity, case .unix(let path) = try? checkedEndpoint() else { return false }
    return (try? PrivateSocket.check(path, owners: identity.owners)) != nil
  }

  /// Checks the user and the data directory of the process that answered.
  func checkPeer(of descriptor: Int32) throws(RedisError) {
    guard let identity else { return }
    let server: Int?
    do throws(PrivateSocket.Failure) {
      server = try PrivateSocket.check(peerOf: descriptor, owners: identity.owners)
    } catch {
      throw untrusted(error.description)
    }
    guard let server, let directory = identity.dataDirectory else { return }
    guard DataHolders.mayHold(directory, server) else {
      throw untrusted("it has the data of another directory; \(directory) is a copy of it")
    }
  }

  func untrusted(_ reason: String) -> RedisError {
    RedisError(.connect, "it is not the run's own server: \(reason)", at: description)
  }
}
