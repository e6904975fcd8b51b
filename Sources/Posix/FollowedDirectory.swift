internal import CPosix
import Glibc

/// A directory that may be moved while it is used: its path is looked up each time.
public final class FollowedDirectory: Sendable {
  private let first: String
  private let identity: FileIdentity?
  /// The open directory; negative if it did not exist.
  private let number: Int32

  public init(_ path: String) {
    first = path
    identity = Files.identity(path)
    number = open(path, cposix_path_flag() | O_DIRECTORY | O_CLOEXEC)
  }

  deinit { if number >= 0 { close(number) } }

  /// The path with which it was opened if that still leads there, else its current path. A deleted
  /// directory keeps its path.
  public var path: String {
    guard number >= 0, Files.identity(first) != identity,
      let now = Files.linkTarget("/proc/self/fd/\(number)"), Files.identity(now) == identity
    else { return first }
    return now
  }

  /// The current path of something below the original path.
  public func place(of path: String) -> String {
    guard path == first || path.hasPrefix(first + "/") else { return path }
    return self.path + path.dropFirst(first.count)
  }
}
