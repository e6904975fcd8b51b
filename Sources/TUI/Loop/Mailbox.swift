internal import Posix
internal import Synchronization

/// Where the rest of the program puts what happened, from any thread; the loop empties it.
///
/// A mailbox may be filled before the screen is there and after it is gone.
public final class Mailbox: Sendable {
  private struct State: ~Copyable {
    var messages: [WorldMessage] = []
    var isRung = false
  }

  private let state = Mutex(State())
  private let bell: BellPipe

  public init() throws {
    bell = try BellPipe()
  }

  public func send(_ message: WorldMessage) {
    let mustRing = state.withLock { state in
      state.messages.append(message)
      defer { state.isRung = true }
      return !state.isRung
    }
    if mustRing { bell.ring() }
  }

  /// Becomes readable when there are messages.
  package var descriptor: Int32 { bell.descriptor }

  package func drain() -> [WorldMessage] {
    bell.silence()
    return state.withLock { state in
      defer {
        state.messages = []
        state.isRung = false
      }
      return state.messages
    }
  }
}

/// A pipe of which only readability matters.
private final class BellPipe: Sendable {
  private let pipe: Pipe

  init() throws(PosixError) { pipe = try Pipe(nonblocking: true) }

  var descriptor: Int32 { pipe.readEnd.number }

  func ring() { _ = try? DescriptorIO.write([0], to: pipe.writeEnd.number) }
  func silence() { _ = try? DescriptorIO.read(pipe.readEnd.number) }
}
