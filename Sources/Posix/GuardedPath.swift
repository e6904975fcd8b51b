internal import CPosix
import Glibc

/// A path below a directory in which others may have put symbolic links.
///
/// | component | action |
/// |---|---|
/// | a link that we or root made | followed |
/// | a link that another user made | refused |
/// | anything else | entered, or opened |
///
/// The directory itself was named by the user and is trusted.
public struct GuardedPath: Sendable {
  public let base: String
  /// Relative to the base, or absolute.
  public let relative: String

  public init(_ relative: String, below base: String) {
    self.base = relative.hasPrefix("/") ? "/" : base
    self.relative = relative
  }

  /// The whole path; its parent was named by the user.
  public init(_ path: String) {
    self.init(Files.name(of: path), below: Files.parent(of: path))
  }

  public var path: String { Files.join(base, relative) }

  /// The directory of the last component.
  public var parent: GuardedPath {
    GuardedPath(components.dropLast().joined(separator: "/"), below: base)
  }

  /// Opens the file. With `O_CREAT` in the flags, creates it with the mode.
  public func open(_ flags: Int32, mode: UInt32 = 0) throws(PosixError) -> Descriptor {
    let parts = components
    guard let last = parts.last else { throw PosixError("open", path, code: EISDIR) }
    let folder = try enter(parts.dropLast(), making: nil, mustBeOurs: false)
    return Descriptor(owning: try open(last, at: folder.number, flags, mode, called: path))
  }

  /// Reads a regular file; refuses a pipe or a device.
  public func read() throws(PosixError) -> [UInt8] {
    do throws(PosixError) {
      let file = try open(O_RDONLY | O_NONBLOCK)
      return try Files.readRegular(file, called: path)
    } catch {
      throw PosixError("read", error.subject, code: error.code, because: error.reason)
    }
  }

  /// Creates missing directories of the path.
  public func makeDirectories(mode: UInt32 = FileMode.directory) throws(PosixError) {
    _ = try enter(components[...], making: mode, mustBeOurs: false)
  }

  /// Creates a directory and its missing parents. All must belong to this user, and nobody
  /// else may be able to replace them.
  public func makePrivateDirectory(baseMustBeOurs: Bool = false) throws(PosixError) {
    let parts = components
    guard let last = parts.last else { throw PosixError("create directory", path, code: EEXIST) }
    if baseMustBeOurs { try Self(base).checkOwner() }
    let folder = try enter(parts.dropLast(), making: 0o700, mustBeOurs: true)
    guard mkdirat(folder.number, last, 0o700) == 0 else {
      throw PosixError("create directory", path)
    }
  }

  /// Why the path is not followed; `nil` if it is, or if it does not exist.
  public var refusal: PosixError? {
    do throws(PosixError) {
      _ = try open(cposix_path_flag())
      return nil
    } catch {
      return error.code == ELOOP ? error : nil
    }
  }

  private var components: [String] {
    relative.split(separator: "/").map(String.init).filter { $0 != "." }
  }

  private func enter(
    _ parts: ArraySlice<String>, making mode: UInt32?, mustBeOurs: Bool
  ) throws(PosixError) -> Descriptor {
    let flags = cposix_path_flag() | O_DIRECTORY
    let number = Glibc.open(base, flags | O_CLOEXEC)
    guard number >= 0 else { throw PosixError("open", base) }
    var folder = Descriptor(owning: number)
    var path = base
    for part in parts {
      path = Files.join(path, part)
      if let mode, mkdirat(folder.number, part, mode) != 0, errno != EEXIST {
        // An existing directory may be on a read-only file system.
        let error = PosixError("create directory", path)
        var info = stat()
        guard fstatat(folder.number, part, &info, 0) == 0 else { throw error }
      }
      folder = Descriptor(owning: try open(part, at: folder.number, flags, 0, called: path))
      if mustBeOurs { try checkOwner(of: folder.number, path) }
    }
    return folder
  }

  private func checkOwner() throws(PosixError) {
    let folder = try open(cposix_path_flag() | O_DIRECTORY)
    try checkOwner(of: folder.number, path)
  }

  private func checkOwner(of folder: Int32, _ path: String) throws(PosixError) {
    var info = stat()
    guard fstat(folder, &info) == 0 else { throw PosixError("open", path) }
    guard info.st_uid == geteuid() else {
      throw PosixError(
        "use", path, code: EPERM, because: "it belongs to another user (uid \(info.st_uid))")
    }
    // In our own sticky directory, nobody else can replace our files.
    guard info.st_mode & 0o002 == 0 || info.st_mode & UInt32(S_ISVTX) != 0 else {
      throw PosixError("use", path, code: EPERM, because: "every user can write to it")
    }
  }

  private func open(
    _ name: String, at folder: Int32, _ flags: Int32, _ mode: UInt32, called path: String
  ) throws(PosixError) -> Int32 {
    guard let link = link(name, at: folder) else {
      let number = openat(folder, name, flags | O_NOFOLLOW | O_CLOEXEC, mode)
      guard number >= 0 else { throw PosixError("open", path) }
      // For a link that was just created, this would open the link itself.
      if flags & cposix_path_flag() != 0, Self.isLink(number) {
        close(number)
        throw PosixError("open", path, code: ELOOP)
      }
      return number
    }
    guard link.st_uid == geteuid() || link.st_uid == 0 else {
      throw PosixError(
        "open", path, code: ELOOP,
        because: "it is a symbolic link that another user (uid \(link.st_uid)) made, and is not "
          + "followed")
    }
    var target = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    guard readlinkat(folder, name, &target, Int(PATH_MAX)) >= 0 else {
      throw PosixError("open", path)
    }
    // Creating another link in its place would change its times, so this detects it.
    guard let now = self.link(name, at: folder), now.st_ino == link.st_ino,
      now.st_ctim.tv_sec == link.st_ctim.tv_sec, now.st_ctim.tv_nsec == link.st_ctim.tv_nsec
    else { throw PosixError("open", path, code: ELOOP) }
    // Follow the link's text: opening it by name could follow a new link.
    let number = openat(folder, target, flags | O_CLOEXEC, mode)
    guard number >= 0 else { throw PosixError("open", path) }
    return number
  }

  private func link(_ name: String, at folder: Int32) -> stat? {
    var info = stat()
    guard fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0,
      info.st_mode & S_IFMT == S_IFLNK
    else { return nil }
    return info
  }

  private static func isLink(_ number: Int32) -> Bool {
    var info = stat()
    return fstat(number, &info) == 0 && info.st_mode & S_IFMT == S_IFLNK
  }
}
