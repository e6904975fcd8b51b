import Glibc

extension Files {
  /// Copies the files and directories of a directory; links and other files are left out.
  public static func copyTree(_ source: String, to target: String) throws(PosixError) {
    guard access(source, R_OK | X_OK) == 0 else { throw PosixError("read", source) }
    try makeDirectory(target, mode: 0o700)
    for name in list(source) {
      var info = stat()
      guard lstat(join(source, name), &info) == 0 else { continue }
      switch info.st_mode & S_IFMT {
      case S_IFDIR: try copyTree(join(source, name), to: join(target, name))
      case S_IFREG: try copy(join(source, name), to: join(target, name))
      default: break
      }
    }
  }

  private static func copy(_ source: String, to target: String) throws(PosixError) {
    // The file may have been replaced by a pipe or a link.
    let number = open(source, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
    guard number >= 0 else { throw PosixError("copy", source) }
    let from = Descriptor(owning: number)
    var info = stat()
    guard fstat(number, &info) == 0, info.st_mode & S_IFMT == S_IFREG else {
      throw PosixError("copy", source, code: EINVAL)
    }
    let to = Descriptor(owning: try openForAppending(target, mode: 0o600))
    do {
      while let bytes = try DescriptorIO.read(from.number), !bytes.isEmpty {
        try DescriptorIO.write(bytes, to: to.number)
      }
    } catch {
      throw PosixError("copy", source, code: error.code)
    }
  }
}
