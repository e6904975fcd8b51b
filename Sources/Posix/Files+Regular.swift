import Glibc

extension Files {
  public static func isRegular(_ path: String) -> Bool {
    var info = stat()
    return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFREG
  }

  /// Where a symbolic link leads, as it stands there; `nil` for what is none.
  public static func linkTarget(_ path: String) -> String? {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink(path, &buffer, buffer.count)
    guard count > 0, count < buffer.count else { return nil }
    return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// The user to whom a file or directory belongs; `nil` when there is none.
  public static func owner(of path: String) -> UInt32? {
    var info = stat()
    return stat(path, &info) == 0 ? info.st_uid : nil
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
