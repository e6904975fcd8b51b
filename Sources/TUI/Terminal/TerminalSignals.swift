internal import CNcurses
package import Posix

/// The signals that concern a screen, as readable data. The only file that calls `hf_signals_*`.
package struct TerminalSignals: ~Copyable {
  package enum Arrived: Hashable, Sendable {
    case interrupt
    case terminate
    /// The terminal is gone.
    case hangUp
    case resized
    /// The program was stopped and goes on.
    case continued
  }

  private let pipe: Pipe

  package init() throws(PosixError) {
    pipe = try Pipe(nonblocking: true)
    hf_signals_install(pipe.writeEnd.number)
  }

  deinit { hf_signals_remove() }

  package var descriptor: Int32 { pipe.readEnd.number }

  /// What arrived since the last call.
  package func drain() -> [Arrived] {
    guard let bytes = try? DescriptorIO.read(pipe.readEnd.number) else { return [] }
    return bytes.compactMap { byte in
      switch Int32(byte) {
      case SIGINT: .interrupt
      case SIGTERM: .terminate
      case SIGHUP: .hangUp
      case SIGWINCH: .resized
      case SIGCONT: .continued
      default: nil
      }
    }
  }
}
