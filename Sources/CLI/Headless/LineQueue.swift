import Dispatch
import Glibc
import HumanText
import Posix
import Synchronization

/// Lines for a slow reader. A thread of its own writes them, so `append` never waits.
///
/// | waiting output | a new line |
/// |---|---|
/// | less than `limit` | is queued |
/// | `limit` bytes | is dropped and counted; a line with the count precedes the next queued line |
///
/// The final lines of a run are always queued. A reader that closes the pipe is no error.
final class LineQueue: Sendable {
  /// The events of a workflow of 100,000 tasks are about 60 MB.
  static let defaultLimit = 64 << 20
  private static let blockSize = 64 * 1024

  private struct State {
    /// Text that is not yet being written.
    var blocks: [[UInt8]] = []
    /// Everything that is not yet written, in bytes.
    var size = 0
    var leftOut = 0
    var isWriting = false
  }

  private let descriptor: Int32
  private let limit: Int
  private let isForPeople: Bool
  private let omittedText: @Sendable (Int) -> String
  private let failed: @Sendable (PosixError) -> Void
  private let state = Mutex(State())
  private let queue = DispatchQueue(label: "hflow-tui.lines")

  /// - Parameters:
  /// - isForPeople: make each line safe for a terminal; otherwise the lines are data.
  ///   - failed: called for each block that could not be written.
  ///   - omission: the line that reports how many lines were dropped.
  init(
    to descriptor: Int32 = STDOUT_FILENO, limit: Int = defaultLimit, isForPeople: Bool = true,
    failed: @escaping @Sendable (PosixError) -> Void = Console.outputFailed,
    omittedText: @escaping @Sendable (Int) -> String
  ) {
    self.descriptor = descriptor
    self.limit = limit
    self.isForPeople = isForPeople
    self.failed = failed
    self.omittedText = omittedText
  }

  /// - Parameter areLast: these are the final lines of the run; queue them whatever waits.
  func append(_ lines: [String], areLast: Bool = false) {
    let mustStart = state.withLock { state in
      for line in lines {
        guard areLast || state.size < limit else {
          state.leftOut += 1
          continue
        }
        if state.leftOut > 0 { add(omittedText(state.leftOut), to: &state) }
        state.leftOut = 0
        add(line, to: &state)
      }
      return Self.mustStart(&state)
    }
    if mustStart { queue.async { self.write() } }
  }

  /// Waits until everything queued so far is written, at most `milliseconds`.
  func flush(milliseconds: Int? = nil) {
    let mustStart = state.withLock { state in
      if state.leftOut > 0 { add(omittedText(state.leftOut), to: &state) }
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
        do {
          try DescriptorIO.write(block, to: descriptor)
        } catch {
          failed(error)
        }
        state.withLock { $0.size -= block.count }
      }
    }
  }
}
