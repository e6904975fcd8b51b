import Glibc
import Posix

/// A second user of this host, for tests that root runs.
enum OtherUser {
  static let id: uid_t = 65534
  /// Only root can become another user, or create files of another user.
  static let isAvailable = geteuid() == 0 && Files.findExecutable("setpriv") != nil

  /// Gives a file, directory or link to the other user.
  static func own(_ path: String) { _ = lchown(path, id, id) }

  /// Runs a program as a user who is not root: as the other user if this process is root's.
  static func run(
    _ arguments: [String], environment: [String: String?] = [:], directory: String? = nil
  ) async throws -> Program.Result {
    guard geteuid() == 0 else {
      return try await Program.run(arguments, environment: environment, directory: directory)
    }
    return try await Program.run(
      [
        "--reuid", "\(id)", "--regid", "\(id)", "--clear-groups", Program.hflow,
      ] + arguments, of: "setpriv", environment: environment, directory: directory)
  }
}
