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

extension Files {
  public static func remove(_ path: String) { unlink(path) }

  /// Deletes a directory with its content, whatever the bytes of names; does not follow
  /// links.
  public static func removeTree(_ path: String) { removeTree(path, in: AT_FDCWD) }

  private static func removeTree(_ name: UnsafePointer<CChar>, in parent: Int32) {
    let number = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard number >= 0, let directory = fdopendir(number) else {
      if number >= 0 { close(number) }
      if unlinkat(parent, name, 0) != 0 { unlinkat(parent, name, Int32(AT_REMOVEDIR)) }
      return
    }
    while let entry = readdir(directory) {
      withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { name in
          if strcmp(name, ".") != 0, strcmp(name, "..") != 0 { removeTree(name, in: number) }
        }
      }
    }
    closedir(directory)
    unlinkat(parent, name, Int32(AT_REMOVEDIR))
  }
}
