import Glibc

extension Files {
  public static func isRegular(_ path: String) -> Bool {
    var info = stat()
    return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFREG
  }

  /// A directory, and nobody else's.
  public static func isOurs(_ directory: String) -> Bool {
    var info = stat()
    return lstat(directory, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
      && info.st_uid == geteuid()
  }

  /// Whether the directory is there, or may be, and we may not look into it.
  public static func isDenied(_ path: String) -> Bool {
    access(path, R_OK | X_OK) != 0 && errno == EACCES
  }

  /// Reads a file in whose place something else may lie: a pipe, which would be waited for, or a
  /// device without an end.
  public static func readRegular(_ path: String) throws(PosixError) -> [UInt8] {
    let number = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard number >= 0 else { throw PosixError("read", path) }
    let file = Descriptor(owning: number)
    // Of what is open, not of what the path may lead to a moment later.
    var info = stat()
    guard fstat(file.number, &info) == 0 else { throw PosixError("read", path) }
    guard info.st_mode & S_IFMT == S_IFREG else {
      throw PosixError("read", path, code: info.st_mode & S_IFMT == S_IFDIR ? EISDIR : EINVAL)
    }
    do {
      return try DescriptorIO.readToEnd(file.number)
    } catch {
      throw PosixError("read", path, code: error.code)
    }
  }
}
