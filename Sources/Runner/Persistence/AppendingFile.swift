import Glibc
import Logging
import Posix
import Workflow

/// A file that grows by whole lines. What cannot be written is told once, and the run goes on.
final class AppendingFile: Sendable {
  let path: String
  private let descriptor: Int32
  private let log: Logger

  init(_ path: String, log: Logger) throws(RunnerError) {
    self.path = path
    self.log = log
    do {
      descriptor = try Files.openForAppending(path)
    } catch {
      throw RunnerError(.infrastructure, "\(path.displayName): cannot be written: \(error)")
    }
  }

  deinit { _ = Descriptor(owning: descriptor) }

  /// Leaves the first line, which tells what the rest is about.
  func empty() -> Bool {
    guard let bytes = try? Files.read(path) else { return false }
    let first = bytes.firstIndex(of: 0x0A).map { $0 + 1 } ?? 0
    return ftruncate(descriptor, off_t(first)) == 0
  }

  /// False when the lines are lost.
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
