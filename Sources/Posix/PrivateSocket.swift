import Glibc

/// A Unix socket at which only one user's server may listen.
///
/// Sockets are in directories in shared places, such as `/tmp`. If such a directory was removed,
/// another user could create it again and run another server there.
public enum PrivateSocket {
  /// Why a socket, or the process that answers at it, is not trusted.
  public struct Failure: Error, Equatable, CustomStringConvertible {
    public let description: String
    /// Whether the path does not exist.
    public var isMissing = false
  }

  /// Checks that a directory belongs to one of `owners` and is private.
  public static func check(directory path: String, owners: Set<UInt32>) throws(Failure) {
    try check(path, kind: S_IFDIR, is: "a directory", owners)
  }

  /// Checks a socket and the directory that holds it.
  public static func check(_ path: String, owners: Set<UInt32>) throws(Failure) {
    try check(directory: Files.parent(of: path), owners: owners)
    try check(path, kind: S_IFSOCK, is: "a socket", owners)
  }

  /// Checks the user of the process at the other end of a connection. Returns its process id; `nil`
  /// if the process is in another process namespace.
  @discardableResult
  public static func check(peerOf descriptor: Int32, owners: Set<UInt32>) throws(Failure) -> Int? {
    // `struct ucred`, which Glibc hides: process, user, group.
    var peer: [UInt32] = [0, .max, .max]
    var length = socklen_t(peer.count * MemoryLayout<UInt32>.size)
    guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 else {
      throw Failure(description: "the system does not say which process answers")
    }
    guard owners.contains(peer[1]) else {
      throw Failure(description: "a program of another user answers (user id \(peer[1]))")
    }
    return peer[0] > 0 ? Int(peer[0]) : nil
  }

  private static func check(
    _ path: String, kind: mode_t, is name: String, _ owners: Set<UInt32>
  ) throws(Failure) {
    var info = stat()
    // A link could lead anywhere.
    guard lstat(path, &info) == 0 else {
      let error = PosixError("find", path)
      throw Failure(description: error.description, isMissing: error.code == ENOENT)
    }
    guard info.st_mode & S_IFMT == kind else {
      throw Failure(description: "\(path) is not \(name)")
    }
    guard owners.contains(info.st_uid) else {
      throw Failure(description: "\(path) belongs to another user (user id \(info.st_uid))")
    }
    guard info.st_mode & 0o077 == 0 else {
      throw Failure(description: "\(path) is open to other users")
    }
  }
}
