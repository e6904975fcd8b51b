import Glibc
import Logging
import Posix
import Runs
import Workflow

/// A file to which whole lines are appended. A failed append is logged, and the run continues.
final class AppendingFile: Sendable {
  let path: String
  private let descriptor: Int32
  private let log: Logger

  /// - Parameter isNamed: The user has named the file: a symbolic link is followed, and the file
  ///   may be a device.
  init(_ path: String, isNamed: Bool = false, log: Logger) throws(RunnerError) {
    self.path = path
    self.log = log
    do {
      descriptor =
        try isNamed ? Self.openNamed(path) : Files.openForAppending(path, mode: FileMode.file)
    } catch {
      throw RunnerError(
        .infrastructure, "\(path.displayName): cannot be written: \(error.reason)")
    }
  }

  /// Refuses pipes, because the run would wait for their reader.
  private static func openNamed(_ path: String) throws(PosixError) -> Int32 {
    let flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY
    let number = open(path, flags, FileMode.file)
    var info = stat()
    let isPipe = number >= 0 && fstat(number, &info) == 0 && info.st_mode & S_IFMT == S_IFIFO
    if number >= 0, !isPipe { return number }
    let isUnread = isPipe || errno == ENXIO
    if isPipe { close(number) }
    throw PosixError(
      "write", path, code: isPipe ? ENXIO : errno,
      because: isUnread ? "it is a pipe or a socket; the log goes to a file" : nil)
  }

  deinit { _ = Descriptor(owning: descriptor) }

  /// Removes everything but the first line, which describes the workflow. Returns false if that
  /// fails.
  func empty() -> Bool {
    guard let bytes = try? Files.read(path) else { return false }
    let first = bytes.firstIndex(of: 0x0A).map { $0 + 1 } ?? 0
    return ftruncate(descriptor, off_t(first)) == 0
  }

  /// Returns false if the lines could not be written.
  func append(_ lines: [String]) -> Bool {
    guard !lines.isEmpty else { return true }
    do {
      try DescriptorIO.write(lines.joined(), to: descriptor)
      return true
    } catch {
      log.error("\(path): \(error); what is missing there cannot be recovered")
      return false
    }
  }
}
