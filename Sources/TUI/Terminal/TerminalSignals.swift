internal import CNcurses
package import Posix

/// The signals that affect or would end a screen, as readable data. The only file that calls
/// `hf_signals_*`.
package final class TerminalSignals: Sendable {
  package enum Signal: Hashable, Sendable {
    case interrupt
    /// SIGTERM, or another signal that ends programs by default.
    case terminate
    /// The terminal is gone.
    case hangUp
    case resized
    /// The program was stopped and continues.
    case continued
  }

  private let pipe: Pipe

  package init() throws(PosixError) {
    pipe = try Pipe(nonblocking: true)
    hf_signals_install(pipe.writeEnd.number)
  }

  deinit { hf_signals_remove() }

  /// Block these before starting threads, which inherit the mask.
  static var numbers: [Int32] { (0..<hf_signals_count()).map(hf_signals_number) }

  package var descriptor: Int32 { pipe.readEnd.number }

  /// The signals since the last call.
  package func drain() -> [Signal] {
    guard let bytes = try? DescriptorIO.read(pipe.readEnd.number) else { return [] }
    return bytes.map { byte in
      switch Int32(byte) {
      case SIGINT: .interrupt
      case SIGHUP: .hangUp
      case SIGWINCH: .resized
      case SIGCONT: .continued
      default: .terminate
      }
    }
  }
}
