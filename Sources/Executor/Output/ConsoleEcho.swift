import Glibc
import HumanText
import JobProtocol
import Posix

/// Copies the output of jobs to the executor's own output, so that `kubectl logs` shows it, as with
/// HyperFlow's executor.
///
/// A reader that is slow or gone must not block the executor, which has heartbeats to send. So
/// output that the pipe does not accept within a short wait is left out.
final class ConsoleEcho {
  private let descriptors: (output: Int32, error: Int32)
  private var isBroken = false

  /// How many bytes a ready pipe accepts without blocking (`PIPE_BUF`).
  private static let piece = 4096
  private static let writeMilliseconds = 50

  init(output: Int32 = 1, error: Int32 = 2) { descriptors = (output, error) }

  /// `nil` if standard output is a file: the engine keeps the executor's output there, and jobs
  /// have files of their own.
  static func forThisProcess() -> ConsoleEcho? {
    var info = stat()
    guard fstat(1, &info) == 0 else { return nil }
    let kind = info.st_mode & S_IFMT
    return kind == S_IFIFO || kind == S_IFSOCK || isatty(1) == 1 ? ConsoleEcho() : nil
  }

  func write(_ bytes: [UInt8], from stream: LogChunk.Stream) {
    guard !isBroken else { return }
    let number = stream == .standardError ? descriptors.error : descriptors.output
    var rest = (isatty(number) == 1 ? Self.safe(bytes) : bytes)[...]
    while !rest.isEmpty {
      guard Poll.wait(for: number, POLLOUT, milliseconds: Self.writeMilliseconds) else { return }
      do {
        try DescriptorIO.write(Array(rest.prefix(Self.piece)), to: number)
      } catch {
        isBroken = true
        return
      }
      rest = rest.dropFirst(Self.piece)
    }
  }

  /// Output is not trusted with a terminal.
  private static func safe(_ bytes: [UInt8]) -> [UInt8] {
    Array(LineText.safeLines(String(decoding: bytes, as: UTF8.self)).joined(separator: "\n").utf8)
  }
}
