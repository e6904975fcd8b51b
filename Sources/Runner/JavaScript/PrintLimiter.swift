import Synchronization

/// Bounds the output of functions that the engine has not handled yet. While Redis is away, or when
/// a function never stops printing, the rest is left out and its lines are counted.
final class PrintLimiter: Sendable {
  private struct State {
    var waitingBytes = 0
    /// By call: how many lines were left out since its last admitted text.
    var leftOut: [String: Int] = [:]
  }

  static let defaultLimit = 8 << 20

  private let limit: Int
  private let state = Mutex(State())

  init(limit: Int = defaultLimit) { self.limit = limit }

  /// Accepts a text: returns how many lines of the call were left out before it. Returns `nil` if
  /// the text is left out, too.
  func accept(_ text: String, of call: String) -> Int? {
    state.withLock { state in
      guard state.waitingBytes < limit else {
        let lines = text.utf8.count { $0 == 0x0A } + (text.utf8.last == 0x0A ? 0 : 1)
        state.leftOut[call, default: 0] += lines
        return nil
      }
      state.waitingBytes += text.utf8.count
      return state.leftOut.removeValue(forKey: call) ?? 0
    }
  }

  /// The engine has handled the text.
  func taken(_ text: String) {
    state.withLock { $0.waitingBytes -= text.utf8.count }
  }

  /// The call has ended. Returns how many lines were left out since its last admitted text.
  func end(_ call: String) -> Int {
    state.withLock { $0.leftOut.removeValue(forKey: call) ?? 0 }
  }
}
