import Glibc

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
