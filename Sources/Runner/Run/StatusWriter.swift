@preconcurrency import Dispatch
import Logging
import Synchronization

/// Writes `status.json` on a queue of its own, so that no turn of the engine waits for a disk. If
/// several are waiting, only the latest is written.
final class StatusWriter: Sendable {
  private struct State {
    /// Waiting to be written.
    var next: RunStatusFile?
    var written: RunStatusFile?
  }

  private let directory: RunDirectory
  private let log: Logger
  private let queue = DispatchQueue(label: "status.json")
  private let state = Mutex(State())

  init(directory: RunDirectory, log: Logger) {
    self.directory = directory
    self.log = log
  }

  func write(_ status: RunStatusFile) {
    let isFirst = state.withLock { state in
      defer { state.next = status }
      return state.next == nil
    }
    if isFirst { queue.async { self.writeNext() } }
  }

  /// Returns when everything given before is written, or after the given time.
  func flush(milliseconds: Int) async {
    let queue = queue
    await wait(atMost: milliseconds) {
      await withCheckedContinuation { written in queue.async { written.resume() } }
    }
  }

  private func writeNext() {
    let status = state.withLock { state in
      defer { state.next = nil }
      return state.next == state.written ? nil : state.next
    }
    guard let status else { return }
    do {
      try status.write(in: directory)
      state.withLock { $0.written = status }
    } catch {
      log.error("\(error)")
    }
  }
}
