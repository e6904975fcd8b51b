internal import CPosix
import Glibc

/// Unix signals as readable data: blocked for this thread and its later threads, read from a
/// descriptor. Create it before other threads start.
public struct UnixSignals: ~Copyable, Sendable {
  private let source: Descriptor

  public init(_ signals: [Int32]) throws(PosixError) {
    let number = cposix_signal_fd(signals, Int32(signals.count))
    guard number >= 0 else { throw PosixError("signalfd") }
    source = Descriptor(owning: number)
  }

  /// Blocks signals for this thread and the threads that it starts.
  public static func block(_ signals: [Int32]) {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in signals { sigaddset(&set, signal) }
    pthread_sigmask(SIG_BLOCK, &set, nil)
  }

  /// Restores the default effect of signals on this thread.
  public static func unblock(_ signals: [Int32]) {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in signals { sigaddset(&set, signal) }
    pthread_sigmask(SIG_UNBLOCK, &set, nil)
  }

  /// Whether the signal is ignored, as after `nohup`.
  public static func isIgnored(_ signal: Int32) -> Bool { cposix_signal_is_ignored(signal) != 0 }

  public var descriptor: Int32 { source.number }

  /// The next pending signal; `nil` if there is none.
  public func next() -> Int32? {
    let signal = cposix_read_signal(source.number)
    return signal == 0 ? nil : signal
  }
}
