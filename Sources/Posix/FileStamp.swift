import Glibc

/// What tells whether a file has changed.
public struct FileStamp: Sendable, Equatable {
  /// In bytes; -1 for a directory, whose size and time change with what is in it.
  public let size: Int
  /// When it was modified, in milliseconds since 1970.
  public let time: Int

  /// `nil` if there is no such file.
  public init?(_ path: String) {
    var info = stat()
    guard stat(path, &info) == 0 else { return nil }
    if info.st_mode & S_IFMT == S_IFDIR {
      (size, time) = (-1, 0)
    } else {
      size = Int(info.st_size)
      time = info.st_mtim.tv_sec * 1000 + info.st_mtim.tv_nsec / 1_000_000
    }
  }
}
