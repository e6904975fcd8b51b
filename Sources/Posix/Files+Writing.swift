internal import CPosix
import Glibc

/// The permissions of files for other users. The umask applies; one that lets everybody write
/// counts as 022.
public enum FileMode {
  public static let file: UInt32 = 0o666 & ~mask
  public static let directory: UInt32 = 0o777 & ~mask

  private static let mask: UInt32 = effective(readUmask())

  static func effective(_ mask: UInt32) -> UInt32 { mask & 0o002 == 0 ? mask | 0o022 : mask }

  /// The umask can only be read by changing it; for a moment it is stricter.
  private static func readUmask() -> UInt32 {
    let mask = umask(0o077)
    umask(mask)
    return mask
  }
}

extension Files {
  /// Replaces a file as a whole: a reader sees the old or the new one. A link is replaced,
  /// not followed. For our own files; use `save` for paths that the user names.
  public static func write(
    _ bytes: [UInt8], to path: String, mode: UInt32 = FileMode.file
  ) throws(PosixError) {
    let draft = try Draft(for: path, mode: mode)
    try draft.write(bytes)
    try draft.place(at: path)
  }

  /// Writes to a path that the user named, as `>` of a shell does. Links are followed.
  /// Devices, pipes and our own descriptors (`/dev/stdout`) are written in place. A regular
  /// file is replaced in one step and keeps its mode, or is written in place if replacing
  /// would lose something: another owner, more names, an access control list.
  public static func save(_ bytes: [UInt8], to path: String) throws(PosixError) {
    if let number = ownDescriptor(path) { return try write(bytes, to: number, at: path) }
    let target = try followingLinks(path)
    var info = stat()
    guard lstat(target, &info) == 0 else { return try write(bytes, to: target) }
    switch info.st_mode & S_IFMT {
    case S_IFREG where isReplaceable(target, info):
      do throws(PosixError) {
        let draft = try Draft(for: target, mode: info.st_mode & 0o777)
        try draft.keepOwnership(of: info)
        try draft.write(bytes)
        try draft.place(at: target)
      } catch  where [EACCES, EPERM].contains(error.code) {
        // The file may be writable although the directory is not.
        try overwrite(target, with: bytes)
      }
    case S_IFDIR: throw PosixError("write", path, code: EISDIR)
    case S_IFSOCK: throw PosixError("write", path, code: ENXIO, because: "it is a socket")
    default: try overwrite(target, with: bytes)
    }
  }

  /// Writes a new file; fails if the path exists, even as a link.
  public static func create(
    _ path: String, with bytes: [UInt8], mode: UInt32 = FileMode.file
  ) throws(PosixError) {
    let number = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
    guard number >= 0 else { throw PosixError("write", path) }
    let file = Descriptor(owning: number)
    do throws(PosixError) {
      try write(bytes, to: file.number, at: path)
    } catch {
      unlink(path)
      throw error
    }
  }

  private static func isReplaceable(_ path: String, _ info: stat) -> Bool {
    info.st_nlink == 1 && info.st_uid == geteuid() && cposix_has_acl(path) == 0
  }

  /// Writes in place, without `O_CREAT`: the file existed a moment ago.
  private static func overwrite(_ path: String, with bytes: [UInt8]) throws(PosixError) {
    let number = retrying { open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY) }
    guard number >= 0 else { throw PosixError("write", path) }
    let file = Descriptor(owning: number)
    var info = stat()
    if fstat(file.number, &info) == 0, info.st_mode & S_IFMT == S_IFREG,
      ftruncate(file.number, 0) != 0
    {
      throw PosixError("write", path)
    }
    try write(bytes, to: file.number, at: path)
  }

  fileprivate static func write(
    _ bytes: [UInt8], to number: Int32, at path: String
  ) throws(PosixError) {
    do throws(PosixError) {
      try DescriptorIO.write(bytes, to: number)
    } catch {
      throw PosixError("write", path, code: error.code)
    }
  }

  private static func retrying(_ call: () -> Int32) -> Int32 {
    while true {
      let result = call()
      if result >= 0 || errno != EINTR { return result }
    }
  }

  // MARK: Links

  private static let linkLimit = 40

  /// The target of the final links of a path; it need not exist.
  private static func followingLinks(_ path: String) throws(PosixError) -> String {
    var path = path
    for _ in 0..<linkLimit {
      guard let next = linkTarget(path) else { return path }
      path = join(parent(of: path), next)
    }
    throw PosixError("write", path, code: ELOOP)
  }

  /// The descriptor of a path such as `/dev/stdout` or `/dev/fd/3`.
  private static func ownDescriptor(_ path: String) -> Int32? {
    var path = path
    for _ in 0..<linkLimit {
      if let folder = realPath(parent(of: path)), folder == "/proc/\(getpid())/fd" {
        return Int32(name(of: path))
      }
      guard let next = linkTarget(path) else { return nil }
      path = join(parent(of: path), next)
    }
    return nil
  }
}

/// A temporary file with an unpredictable name beside the one that it will replace. It is
/// deleted with this value unless it was moved into place.
private final class Draft {
  private let path: String
  private let file: Descriptor
  private var isPlaced = false

  init(for target: String, mode: UInt32) throws(PosixError) {
    let random = String(UInt64.random(in: .min ... .max), radix: 36)
    path = Files.join(Files.parent(of: target), ".hflow-draft-\(random)")
    let number = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
    guard number >= 0 else { throw PosixError("write", target) }
    file = Descriptor(owning: number)
  }

  deinit { if !isPlaced { unlink(path) } }

  /// Copies the group, if permitted, and the mode; the mode last, because changing the group may
  /// clear bits of it.
  func keepOwnership(of info: stat) throws(PosixError) {
    _ = fchown(file.number, uid_t.max, info.st_gid)
    guard fchmod(file.number, info.st_mode & 0o777) == 0 else { throw PosixError("write", path) }
  }

  func write(_ bytes: [UInt8]) throws(PosixError) {
    try Files.write(bytes, to: file.number, at: path)
  }

  func place(at target: String) throws(PosixError) {
    // Otherwise a power cut could leave an empty file under the new name.
    _ = fdatasync(file.number)
    guard rename(path, target) == 0 else { throw PosixError("write", target) }
    isPlaced = true
  }
}
