import Glibc

/// The identity of a file, independent of its names.
public struct FileIdentity: Sendable, Hashable {
  let device: dev_t
  let number: ino_t

  /// Whether two files may be the same: a file system that is mounted twice can have two device
  /// numbers.
  public func mayEqual(_ other: FileIdentity) -> Bool { number == other.number }
}

extension Files {
  public static func isRegular(_ path: String) -> Bool {
    var info = stat()
    return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFREG
  }

  /// Equal for two paths of the same file or directory; `nil` if there is none.
  public static func identity(_ path: String) -> FileIdentity? {
    var info = stat()
    return stat(path, &info) == 0 ? FileIdentity(device: info.st_dev, number: info.st_ino) : nil
  }

  /// The target of a symbolic link; `nil` for anything else.
  public static func linkTarget(_ path: String) -> String? {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink(path, &buffer, buffer.count)
    guard count > 0, count < buffer.count else { return nil }
    return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// The owner of a file or directory; `nil` if there is none.
  public static func owner(of path: String) -> UInt32? {
    var info = stat()
    return stat(path, &info) == 0 ? info.st_uid : nil
  }

  /// Why no file can be created in a directory, which may not exist yet; `nil` if it can. The
  /// error names an existing path.
  public static func obstacle(to path: String) -> PosixError? {
    var path = path
    while !exists(path), errno == ENOENT || errno == ENOTDIR, path != "/", path != "." {
      path = parent(of: path)
    }
    guard isDirectory(path) else { return PosixError("use", path, code: ENOTDIR) }
    return access(path, W_OK | X_OK) == 0 ? nil : PosixError("use", path)
  }

  /// Whether a directory exists, or may exist, that this process may not read.
  public static func isDenied(_ path: String) -> Bool {
    access(path, R_OK | X_OK) != 0 && errno == EACCES
  }

  /// Reads a regular file. Refuses a pipe, which would block, a device without an end, and a
  /// link.
  public static func readRegular(_ path: String) throws(PosixError) -> [UInt8] {
    let number = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
    guard number >= 0 else { throw PosixError("read", path) }
    return try readRegular(Descriptor(owning: number), called: path)
  }

  /// Reads the open file, not what the path may name a moment later.
  static func readRegular(
    _ file: borrowing Descriptor, called path: String
  ) throws(PosixError) -> [UInt8] {
    try checkRegular(file, called: path)
    do {
      return try DescriptorIO.readToEnd(file.number)
    } catch {
      throw PosixError("read", path, code: error.code)
    }
  }

  /// Opens a regular file for reading; does not follow a final link.
  public static func openRegular(_ path: String) throws(PosixError) -> Descriptor {
    let number = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
    guard number >= 0 else { throw PosixError("read", path) }
    let file = Descriptor(owning: number)
    try checkRegular(file, called: path)
    return file
  }

  private static func checkRegular(
    _ file: borrowing Descriptor, called path: String
  ) throws(PosixError) {
    var info = stat()
    guard fstat(file.number, &info) == 0 else { throw PosixError("read", path) }
    switch info.st_mode & S_IFMT {
    case S_IFREG: return
    case S_IFDIR: throw PosixError("read", path, code: EISDIR)
    default: throw PosixError("read", path, code: EINVAL, because: "it is not a regular file")
    }
  }
}
