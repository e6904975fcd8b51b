import Posix
import Redis
import Synchronization

/// What is reported about the engine's connection to Redis.
public enum OutageChange: Sendable, Equatable, CustomStringConvertible {
  /// The engine waits and tries again. The reason is the server's error message, or the network's.
  case lost(reason: String)
  case back(afterMilliseconds: Int)

  public var description: String {
    switch self {
    case .lost(let reason): "no connection to Redis, trying again: \(reason)"
    case .back(let time): "connected to Redis again after \(time / 1000).\(time % 1000 / 100) s"
    }
  }
}

/// Decides what is reported about outages of one server: each reason once, and the end.
///
/// | a connection | what is reported |
/// |---|---|
/// | breaks, or a blocking read ends with `UNBLOCKED` | nothing: usually the next one succeeds |
/// | cannot be made, or gets no answer | the reason, unless reported for another connection |
/// | works, but the server refuses commands | the same |
/// | works again | the end of the outage, once all connections work |
/// | is closed on this side | nothing; it no longer counts |
struct OutageReporting {
  private var reasons: [Int: String] = [:]
  private var reported: String?
  private var since = 0

  /// - Parameter now: Milliseconds of the monotonic clock.
  mutating func observe(_ state: RedisState, from connection: Int, at now: Int) -> OutageChange? {
    switch state {
    case .lost(let error):
      if reported == nil, reasons.isEmpty { since = now }
      let isBreak =
        error.code == .io || error.code == .closed || error.message.hasPrefix("UNBLOCKED")
      if isBreak { return nil }
      reasons[connection] = error.message
    case .connected: reasons[connection] = nil
    case .closed:
      reasons[connection] = nil
      if reasons.isEmpty { reported = nil }
    case .retrying: return nil
    }
    if let reported, reasons.values.contains(reported) { return nil }
    guard let reason = reasons.min(by: { $0.key < $1.key })?.value else {
      defer { reported = nil }
      return reported.map { _ in .back(afterMilliseconds: now - since) }
    }
    reported = reason
    return .lost(reason: reason)
  }
}

/// Follows the states of an engine's connections, and reports outages.
final class OutageWatch: Sendable {
  private let reporting = Mutex(OutageReporting())
  private let report: @Sendable (OutageChange) -> Void

  private let connected: @Sendable () -> Void

  /// - Parameter connected: Is called whenever a connection has been made, also for the first time.
  init(
    report: @escaping @Sendable (OutageChange) -> Void, connected: @escaping @Sendable () -> Void
  ) {
    self.connected = connected
    self.report = report
  }

  /// Returns when the connection is closed or the task is cancelled.
  func follow(_ states: AsyncStream<RedisState>, as connection: Int) async {
    for await state in states {
      let change = reporting.withLock {
        $0.observe(state, from: connection, at: Clock.monotonicMilliseconds)
      }
      if let change { report(change) }
      if case .connected = state { connected() }
    }
  }
}
