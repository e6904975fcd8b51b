internal import JobProtocol
internal import Posix
internal import Synchronization

/// Where the rest of the program puts what happened, from any thread; the loop empties it.
///
/// A mailbox may be filled before the screen is there and after it is gone.
public final class Mailbox: Sendable {
  private struct State: ~Copyable {
    var messages: [WorldMessage] = []
    var isRung = false
    /// Of output that is not taken yet.
    var logBytes = 0
    /// Those who wait for room, by number.
    var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    var lastWaiter = 0
  }

  /// So much output is taken in a few milliseconds.
  static let logLimit = 4 << 20

  private let state = Mutex(State())
  private let bell: BellPipe

  public init() throws {
    bell = try BellPipe()
  }

  public func send(_ message: WorldMessage) {
    let mustRing = state.withLock { state in
      state.messages.append(message)
      if case .log(let update) = message { state.logBytes += update.byteCount }
      defer { state.isRung = true }
      return !state.isRung
    }
    if mustRing { bell.ring() }
  }

  /// Becomes readable when there are messages.
  package var descriptor: Int32 { bell.descriptor }

  package func drain() -> [WorldMessage] {
    bell.silence()
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

  /// Waits while there is much output that the screen has not taken, or until the task is
  /// cancelled.
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

/// A pipe of which only readability matters.
private final class BellPipe: Sendable {
  private let pipe: Pipe

  init() throws(PosixError) { pipe = try Pipe(nonblocking: true) }

  var descriptor: Int32 { pipe.readEnd.number }

  func ring() { _ = try? DescriptorIO.write([0], to: pipe.writeEnd.number) }
  func silence() { _ = try? DescriptorIO.read(pipe.readEnd.number) }
}
