internal import Engine
internal import JobProtocol
internal import Posix

/// Messages from the rest of the program, sent from any thread; the loop drains it. It may be
/// filled before the screen opens and after it has closed.
public final class MessageQueue: Sendable {
  /// How many bytes of output may wait; the screen processes this in a few milliseconds.
  static let logLimit = 4 << 20

  private let wake = WakePipe()
  private let queue: BoundedQueue<WorldMessage, Never>

  public init() throws {
    try wake.check()
    queue = BoundedQueue(limit: Self.logLimit, consumerWake: wake) { message in
      if case .log(let update) = message { update.byteCount } else { 0 }
    }
  }

  public func send(_ message: WorldMessage) { queue.send(message) }

  /// Becomes readable when there are messages.
  package var descriptor: Int32 { wake.descriptor }

  package func drain() -> [WorldMessage] { queue.takeAll() }

  /// Waits while too much output is undelivered, or until the task is cancelled.
  public func waitForSpace() async { await queue.waitForSpace() }
}

extension LogUpdate {
  fileprivate var byteCount: Int { chunks.reduce(0) { $0 + $1.bytes.count } }
}
