import Dispatch
import Glibc
import HumanText
import Posix
import Synchronization

/// Lines for a reader that may be slow, or not read at all: a thread of its own writes them, and
/// whoever says them never waits.
///
/// | so much waits | what comes then |
/// |---|---|
/// | less than `limit` | is kept, in order |
/// | `limit` bytes | is left out and counted; what is kept next has a line before it that says so |
///
/// Last words are always kept. A reader that went away is no reason to fail.
final class LineQueue: Sendable {
  /// Of a workflow of 100,000 tasks the events are some 60 MB.
  static let defaultLimit = 64 << 20
  private static let blockSize = 64 * 1024

  private struct State {
    /// What no one writes yet, in pieces.
    var blocks: [[UInt8]] = []
    /// All that is not written yet, in bytes.
    var size = 0
    var leftOut = 0
    var isWriting = false
  }

  private let descriptor: Int32
  private let limit: Int
  private let isForPeople: Bool
  private let omission: @Sendable (Int) -> String
  private let state = Mutex(State())
  private let queue = DispatchQueue(label: "hflow-tui.lines")

  /// - Parameters:
  ///   - isForPeople: each line is made safe for a terminal; else it is data, and not changed.
  ///   - omission: the line that tells how many were left out.
  init(
    to descriptor: Int32 = STDOUT_FILENO, limit: Int = defaultLimit, isForPeople: Bool = true,
    omission: @escaping @Sendable (Int) -> String
  ) {
    self.descriptor = descriptor
    self.limit = limit
    self.isForPeople = isForPeople
    self.omission = omission
  }

  /// - Parameter areLast: the last words; they are kept, however much waits.
  func say(_ lines: [String], areLast: Bool = false) {
    let mustStart = state.withLock { state in
      for line in lines {
        guard areLast || state.size < limit else {
          state.leftOut += 1
          continue
        }
        if state.leftOut > 0 { add(omission(state.leftOut), to: &state) }
        state.leftOut = 0
        add(line, to: &state)
      }
      return Self.mustStart(&state)
    }
    if mustStart { queue.async { self.write() } }
  }

  /// Returns when everything is written that was said before, or when that takes too long.
  func flush(milliseconds: Int? = nil) {
    let mustStart = state.withLock { state in
      if state.leftOut > 0 { add(omission(state.leftOut), to: &state) }
      state.leftOut = 0
      return Self.mustStart(&state)
    }
    if mustStart { queue.async { self.write() } }
    let isWritten = DispatchSemaphore(value: 0)
    queue.async { isWritten.signal() }
    _ = isWritten.wait(timeout: milliseconds.map { .now() + .milliseconds($0) } ?? .distantFuture)
  }

  private static func mustStart(_ state: inout State) -> Bool {
    guard !state.isWriting, !state.blocks.isEmpty else { return false }
    state.isWriting = true
    return true
  }

  private func add(_ text: String, to state: inout State) {
    let line = isForPeople ? LineText.safe(text) : text
    let last = state.blocks.indices.last
    if let last, state.blocks[last].count < Self.blockSize {
      state.blocks[last] += line.utf8
      state.blocks[last].append(0x0A)
    } else {
      state.blocks.append(line.utf8 + [0x0A])
    }
    state.size += line.utf8.count + 1
  }

  private func write() {
    while true {
      var blocks = state.withLock { state in
        defer { state.blocks = [] }
        if state.blocks.isEmpty { state.isWriting = false }
        return Array(state.blocks.reversed())
      }
      if blocks.isEmpty { return }
      while let block = blocks.popLast() {
        try? DescriptorIO.write(block, to: descriptor)
        state.withLock { $0.size -= block.count }
      }
    }
  }
}
