internal import CPosix
import Glibc

/// A path below a directory in which somebody else may have put symbolic links.
///
/// | a component of it is | it is |
/// |---|---|
/// | a link that we or root made | followed |
/// | a link that another user made | refused |
/// | anything else | entered, or opened |
///
/// The directory itself is where a person told us to go, and is not questioned.
public struct GuardedPath: Sendable {
  public let base: String
  /// Relative to the base, or absolute.
  public let relative: String

  public init(_ relative: String, below base: String) {
    self.base = relative.hasPrefix("/") ? "/" : base
    self.relative = relative
  }

  /// The path as a whole, its parent being where a person told us to go.
  public init(_ path: String) {
    self.init(Files.name(of: path), below: Files.parent(of: path))
  }

  public var path: String { Files.join(base, relative) }

  /// The directory that the path lies in.
  public var parent: GuardedPath {
    GuardedPath(components.dropLast().joined(separator: "/"), below: base)
  }

  /// Opens what is there. The flags may make it, with the mode.
  public func open(_ flags: Int32, mode: UInt32 = 0) throws(PosixError) -> Descriptor {
    let parts = components
    guard let last = parts.last else { throw PosixError("open", path, code: EISDIR) }
    let folder = try enter(parts.dropLast(), making: nil, mustBeOurs: false)
    return Descriptor(owning: try open(last, at: folder.number, flags, mode, called: path))
  }

  /// Reads a regular file; a pipe or a device in its place is refused.
  public func read() throws(PosixError) -> [UInt8] {
    do throws(PosixError) {
      let file = try open(O_RDONLY | O_NONBLOCK)
      return try Files.readRegular(file, called: path)
    } catch {
      throw PosixError("read", error.subject, code: error.code, because: error.reason)
    }
  }

  /// Makes the directories of the path that are missing.
  public func makeDirectories(mode: UInt32 = FileMode.directory) throws(PosixError) {
    _ = try enter(components[...], making: mode, mustBeOurs: false)
  }

  /// Makes a new directory, and those above it that are missing: all are to be ours, and nobody
  /// else is to be able to put something in their places.
  public func makePrivateDirectory(baseMustBeOurs: Bool = false) throws(PosixError) {
    let parts = components
    guard let last = parts.last else { throw PosixError("create directory", path, code: EEXIST) }
    if baseMustBeOurs { try Self(base).checkOwner() }
    let folder = try enter(parts.dropLast(), making: 0o700, mustBeOurs: true)
    guard mkdirat(folder.number, last, 0o700) == 0 else {
      throw PosixError("create directory", path)
    }
  }

  /// Why the path is not followed; `nil` where it is, or leads nowhere.
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
        // What is there already may stand where nothing can be made.
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
    // In a sticky directory of our own nobody else can replace what is ours.
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
      // Of a link that came just now this would be the link itself.
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
    // Whether that was the link that was looked at: putting another there changes its times.
    guard let now = self.link(name, at: folder), now.st_ino == link.st_ino,
      now.st_ctim.tv_sec == link.st_ctim.tv_sec, now.st_ctim.tv_nsec == link.st_ctim.tv_nsec
    else { throw PosixError("open", path, code: ELOOP) }
    // By its text: opening it by its name could make or empty what another link leads to.
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
