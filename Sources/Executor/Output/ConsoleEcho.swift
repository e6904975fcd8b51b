import Glibc
import HumanText
import JobProtocol
import Posix

/// Passes the output of jobs on to the executor's own output, where a container's log keeps it:
/// `kubectl logs` shows what HyperFlow's executor shows.
///
/// A reader that is slow or gone must not hold up the executor, which has heartbeats to send. So
/// what the pipe does not take at once, after a short wait, is left out.
final class ConsoleEcho {
  private let descriptors: (output: Int32, error: Int32)
  private var isBroken = false

  /// What a pipe takes without blocking when it is ready (`PIPE_BUF`).
  private static let piece = 4096
  private static let writeMilliseconds = 50

  init(output: Int32 = 1, error: Int32 = 2) { descriptors = (output, error) }

  /// `nil` if nobody reads it: the engine keeps the executor's output in a file, and jobs have
  /// files of their own.
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
