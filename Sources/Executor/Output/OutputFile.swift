import Glibc
import Posix

/// A file for output, created with the first byte. After a failure it is no longer written.
final class OutputFile {
  let path: String
  /// Why bytes are missing in the file; `nil` if none are.
  private(set) var problem: String?
  /// Whether the directory is the reason for the failure.
  private(set) var isRefused = false

  private let truncate: Bool
  /// For a path that the executor chose, below an untrusted directory.
  private let guarded: GuardedPath?
  private let makesBase: Bool
  private var descriptor: Descriptor?

  /// A file that a job message names. It may be a device, and links are followed.
  init(path: String, truncate: Bool) {
    self.path = path
    self.truncate = truncate
    guarded = nil
    makesBase = false
  }

  /// A file of the executor. Its directory is created if necessary; links of other users are
  /// refused. `makesBase` also creates the base directory. The jobs' directory must not be
  /// created: if it was removed, jobs would run in an empty one.
  init(_ guarded: GuardedPath, makesBase: Bool = false) {
    path = guarded.path
    truncate = true
    self.guarded = guarded
    self.makesBase = makesBase
  }

  /// Writes all bytes. Returns the first failure only.
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

  /// Checks that the file exists and can be written; returns the problem.
  func open() -> String? {
    guard number < 0 else { return nil }
    do throws(PosixError) {
      descriptor = try openDescriptor()
    } catch {
      if error.code == ENXIO { return fail(isSocket ? Self.socket : Self.pipe) }
      isRefused = [EACCES, EPERM, EROFS, ELOOP, ENOTDIR].contains(error.code)
      let obstacle = guarded.flatMap { Files.obstacle(to: $0.parent.path) }
      return fail(error.reason, at: obstacle?.subject ?? (guarded == nil ? path : error.subject))
    }
    return kind(of: number) == S_IFIFO ? fail(Self.pipe) : nil
  }

  private func openDescriptor() throws(PosixError) -> Descriptor {
    // A pipe without a reader would block all jobs of this executor.
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

  /// Truncates the file for another attempt, unless it is appended to.
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
