import Glibc
import Posix

/// A file that output goes to, made when the first byte comes. After a failure it takes no more.
final class OutputFile {
  let path: String
  /// Why bytes are missing in the file, `nil` when all is well.
  private(set) var problem: String?

  private let truncate: Bool
  private let makesDirectory: Bool
  private var descriptor: Descriptor?

  init(path: String, truncate: Bool, makesDirectory: Bool = false) {
    self.path = path
    self.truncate = truncate
    self.makesDirectory = makesDirectory
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
    // A pipe that nobody reads would stop all jobs of this executor, when opened or when full.
    let flags =
      O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | (truncate ? O_TRUNC : 0)
    var opened = Glibc.open(path, flags, 0o666)
    if opened < 0, errno == ENOENT, makesDirectory {
      do {
        try Files.makeDirectory(Files.parent(of: path))
      } catch {
        return fail(error.reason)
      }
      opened = Glibc.open(path, flags, 0o666)
    }
    guard opened >= 0 else {
      return fail(errno == ENXIO ? Self.isPipe : PosixError("open", path).reason)
    }
    descriptor = Descriptor(owning: opened)
    var info = stat()
    if fstat(opened, &info) == 0, info.st_mode & S_IFMT == S_IFIFO { return fail(Self.isPipe) }
    return nil
  }

  /// Begins anew for another attempt, unless the file is one to append to.
  func restart() {
    if truncate, number >= 0 { ftruncate(number, 0) }
  }

  private static let isPipe = "it is a pipe; output goes to files"

  private var number: Int32 { descriptor?.number ?? -1 }

  private func fail(_ reason: String) -> String {
    let text = "cannot write \(path): \(reason)"
    problem = text
    descriptor = nil
    return text
  }
}
