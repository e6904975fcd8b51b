internal import JobProtocol
internal import Posix
internal import Synchronization

/// Messages from the rest of the program, sent from any thread; the loop drains it. It may be
/// filled before the screen opens and after it has closed.
public final class MessageQueue: Sendable {
  private struct State: ~Copyable {
    var messages: [WorldMessage] = []
    var isRung = false
    /// The size of undelivered output, in bytes.
    var logBytes = 0
    /// Tasks that wait for room, by number.
    var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    var lastWaiter = 0
  }

  /// How much output may wait; the screen processes this in a few milliseconds.
  static let logLimit = 4 << 20

  private let state = Mutex(State())
  private let wakeup: WakeupPipe

  public init() throws {
    wakeup = try WakeupPipe()
  }

  public func send(_ message: WorldMessage) {
    let mustWake = state.withLock { state in
      state.messages.append(message)
      if case .log(let update) = message { state.logBytes += update.byteCount }
      defer { state.isRung = true }
      return !state.isRung
    }
    if mustWake { wakeup.signal() }
  }

  /// Becomes readable when there are messages.
  package var descriptor: Int32 { wakeup.descriptor }

  package func drain() -> [WorldMessage] {
    wakeup.clear()
    let (messages, waiters) = state.withLock { state in
      defer {
        state.messages = []
        state.isRung = false
        state.logBytes = 0
        state.waiters = [:]
      }
      return (state.messages, state.waiters.values)
    }
    for waiter in waiters { waiter.resume() }
    return messages
  }

  /// Waits while too much output is undelivered, or until the task is cancelled.
  public func room() async {
    let number = state.withLock { state in
      state.lastWaiter += 1
      return state.lastWaiter
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { waiter in
        let mustWait = state.withLock { state in
          guard state.logBytes > Self.logLimit, !Task.isCancelled else { return false }
          state.waiters[number] = waiter
          return true
        }
        if !mustWait { waiter.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
    }
  }
}

extension LogUpdate {
  fileprivate var byteCount: Int { chunks.reduce(0) { $0 + $1.bytes.count } }
}

/// A pipe that makes the loop wake up.
private final class WakeupPipe: Sendable {
  private let pipe: Pipe

  init() throws(PosixError) { pipe = try Pipe(nonblocking: true) }

  var descriptor: Int32 { pipe.readEnd.number }

  func signal() { _ = try? DescriptorIO.write([0], to: pipe.writeEnd.number) }
  func clear() { _ = try? DescriptorIO.read(pipe.readEnd.number) }
}
