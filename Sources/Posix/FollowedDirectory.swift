internal import CPosix
import Glibc

/// A directory that may be moved while we use it: its path is asked for anew each time.
public final class FollowedDirectory: Sendable {
  private let first: String
  private let identity: FileIdentity?
  /// Names the directory, whatever its path; negative where it was not there.
  private let number: Int32

  public init(_ path: String) {
    first = path
    identity = Files.identity(path)
    number = open(path, cposix_path_flag() | O_DIRECTORY | O_CLOEXEC)
  }

  deinit { if number >= 0 { close(number) } }

  /// The path by which it was opened as long as that leads there, else where it is now. What was
  /// deleted keeps its path.
  public var path: String {
    guard number >= 0, Files.identity(first) != identity,
      let now = Files.linkTarget("/proc/self/fd/\(number)"), Files.identity(now) == identity
    else { return first }
    return now
  }

  /// Where something below the first path is now.
  public func place(of path: String) -> String {
    guard path == first || path.hasPrefix(first + "/") else { return path }
    return self.path + path.dropFirst(first.count)
  }
}
