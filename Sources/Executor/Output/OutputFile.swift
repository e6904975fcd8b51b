import Glibc
import Posix

/// A file that output goes to, made when the first byte comes. After a failure it takes no more.
final class OutputFile {
  let path: String
  /// Why bytes are missing in the file, `nil` when all is well.
  private(set) var problem: String?
  /// It could not be made, for a reason that lies in its directory.
  private(set) var isRefused = false

  private let truncate: Bool
  /// A path of our own choice, below a directory of which nothing is known.
  private let guarded: GuardedPath?
  private let makesBase: Bool
  private var descriptor: Descriptor?

  /// A file that a job message names, which may be a device; links are followed.
  init(path: String, truncate: Bool) {
    self.path = path
    self.truncate = truncate
    guarded = nil
    makesBase = false
  }

  /// A file of our own. Its directory is made if need be; links of other users are refused.
  /// `makesBase` makes the directory below which the path lies, too. The directory of the jobs must
  /// not be made: if somebody has removed it, jobs would run in an empty one.
  init(_ guarded: GuardedPath, makesBase: Bool = false) {
    path = guarded.path
    truncate = true
    self.guarded = guarded
    self.makesBase = makesBase
  }

  /// Writes all bytes. The first failure is returned, later ones are not repeated.
  func write(_ bytes: [UInt8]) -> String? {
    guard problem == nil else { return nil }
    if let failure = open() { return failure }
    do {
      try DescriptorIO.write(bytes, to: number)
      return nil
    } catch {
      return fail(error.reason)
    }
  }

  /// Makes sure that the file is there and can be written; returns what is wrong.
  func open() -> String? {
    guard number < 0 else { return nil }
    do throws(PosixError) {
      descriptor = try opened()
    } catch {
      if error.code == ENXIO { return fail(isSocket ? Self.socket : Self.pipe) }
      isRefused = [EACCES, EPERM, EROFS, ELOOP, ENOTDIR].contains(error.code)
      let obstacle = guarded.flatMap { Files.obstacle(to: $0.parent.path) }
      return fail(error.reason, at: obstacle?.subject ?? (guarded == nil ? path : error.subject))
    }
    return kind(of: number) == S_IFIFO ? fail(Self.pipe) : nil
  }

  private func opened() throws(PosixError) -> Descriptor {
    // A pipe that nobody reads would stop all jobs of this executor, when opened or when full.
    let flags =
      O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (truncate ? O_TRUNC : 0)
    guard let guarded else {
      let number = Glibc.open(path, flags, FileMode.file)
      guard number >= 0 else { throw PosixError("open", path) }
      return Descriptor(owning: number)
    }
    do throws(PosixError) {
      return try guarded.open(flags, mode: FileMode.file)
    } catch  where error.code == ENOENT {
      if makesBase { try Files.makeDirectory(guarded.base) }
      try guarded.parent.makeDirectories()
      return try guarded.open(flags, mode: FileMode.file)
    }
  }

  private var isSocket: Bool {
    var info = stat()
    return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFSOCK
  }

  private func kind(of number: Int32) -> mode_t? {
    var info = stat()
    return fstat(number, &info) == 0 ? info.st_mode & S_IFMT : nil
  }

  /// Begins anew for another attempt, unless the file is one to append to.
  func restart() {
    if truncate, number >= 0 { ftruncate(number, 0) }
  }

  private static let pipe = "it is a pipe; output goes to files"
  private static let socket = "it is a socket; output goes to files"

  private var number: Int32 { descriptor?.number ?? -1 }

  private func fail(_ reason: String, at place: String? = nil) -> String {
    let text = "cannot write \(place ?? path): \(reason)"
    problem = text
    descriptor = nil
    return text
  }
}
