import Engine
import Glibc
import JobProtocol
import Posix
import Synchronization

/// The only place where the engine process waits for the operating system: Unix signals, exits of
/// children, deadlines.
///
/// It waits in `poll` on the thread that calls `run`; children and deadlines can be added from any
/// thread. Nothing is polled periodically, except children without a descriptor.
final class HostLoop: Sendable {
  enum Event: Sendable, Equatable {
    case signal(Int32)
    case childEnded(Child, ExitStatus)
    case deadline(Deadline)
  }

  /// What a deadline is for.
  enum Deadline: Sendable, Hashable {
    case interval(process: Int)
    case lease
    /// The run has started.
    case begun
    /// The engine was told to stop a while ago.
    case stopping
    /// The run's own Redis must be checked.
    case server
    case watchers
    case completions
    case report(job: String)
    /// A scheduled retry is due.
    case retry(AttemptID)
    /// A heartbeat of a worker is overdue.
    case heartbeat(worker: String)
    /// A job that the infrastructure refused may be submitted again.
    case resubmission(AttemptID)
    /// An attempt on a foreign executor has exceeded its time limit.
    case timeout(AttemptID, seconds: Double)
    /// An attempt that was told to end because of its time limit has not ended.
    case overtime(AttemptID)
    /// The delayed result of a function is due.
    case delayed(job: String)
    /// A function has exceeded its time limit.
    case function(job: String, seconds: Double)
    /// Node.js should have answered a ping.
    case node
  }

  private struct Watched: Sendable {
    let child: Child
    /// Called when the child has exited; if `nil`, the exit is an event of the loop.
    let hasEnded: (@Sendable (ExitStatus) -> Void)?

    func deliverEnd(_ status: ExitStatus, _ deliver: (Event) -> Void) {
      if let hasEnded { hasEnded(status) } else { deliver(.childEnded(child, status)) }
    }
  }

  private struct State {
    /// By the descriptor that becomes readable at the exit.
    var children: [Int32: Watched] = [:]
    /// Children that had exited before they could be watched.
    var gone: [Watched] = []
    /// Children for which no descriptor could be opened.
    var polled: [Watched] = []
    var deadlines = Deadlines()
    var isStopped = false
  }

  /// How often children without a descriptor are checked.
  private static let pollMilliseconds = 500

  private let signals: UnixSignals
  private let wake = WakePipe()
  private let state = Mutex(State())

  /// Blocks the signals; call it before other threads are started.
  init(signals: [Int32]) throws(PosixError) {
    self.signals = try UnixSignals(signals)
    try wake.check()
  }

  /// Reports the exit of a child, or of a process that another engine had started, also if it has
  /// exited already.
  ///
  /// - Parameter hasEnded: Is called on the loop's thread; without it, the exit is an event.
  func watch(_ child: Child, hasEnded: (@Sendable (ExitStatus) -> Void)? = nil) {
    let watched = Watched(child: child, hasEnded: hasEnded)
    do throws(PosixError) {
      let end = try child.endDescriptor().release()
      state.withLock { $0.children[end] = watched }
    } catch {
      // Without a descriptor, for instance when all are in use, the child is polled.
      state.withLock { state in
        if error.code == ESRCH { state.gone.append(watched) } else { state.polled.append(watched) }
      }
    }
    interrupt()
  }

  /// Sets a deadline; one that is set already moves.
  func after(milliseconds: Int, _ deadline: Deadline) {
    let time = Clock.monotonicMilliseconds + milliseconds
    state.withLock { $0.deadlines.set(deadline, at: time) }
    interrupt()
  }

  /// Makes `run` return.
  func stop() {
    state.withLock { $0.isStopped = true }
    interrupt()
  }

  /// Delivers events until `stop`.
  func run(_ deliver: (Event) -> Void) {
    while !state.withLock({ $0.isStopped }) {
      let children = state.withLock { Array($0.children.keys) }
      let descriptors = [wake.descriptor, signals.descriptor] + children
      var entries = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      _ = Poll.wait(&entries, milliseconds: timeToNextDeadline())
      if entries[0].revents != 0 { wake.drain() }
      while let signal = signals.next() { deliver(.signal(signal)) }
      for watched in removeGone() { watched.deliverEnd(.unknown, deliver) }
      checkPolled(deliver)
      for entry in entries.dropFirst(2) where entry.revents != 0 { reap(entry.fd, deliver) }
      for deadline in takeDueDeadlines() { deliver(.deadline(deadline)) }
    }
  }

  private func removeGone() -> [Watched] {
    state.withLock { state in
      defer { state.gone = [] }
      return state.gone
    }
  }

  private func checkPolled(_ deliver: (Event) -> Void) {
    for watched in state.withLock({ $0.polled }) {
      let end = watched.child.wait(block: false)
      guard end != nil || kill(watched.child.pid, 0) != 0 else { continue }
      state.withLock { $0.polled.removeAll { $0.child == watched.child } }
      watched.deliverEnd(end?.status ?? .unknown, deliver)
    }
  }

  private func reap(_ descriptor: Int32, _ deliver: (Event) -> Void) {
    guard let watched = state.withLock({ $0.children.removeValue(forKey: descriptor) }) else {
      return
    }
    close(descriptor)
    watched.deliverEnd(watched.child.wait(block: false)?.status ?? .unknown, deliver)
  }

  private func timeToNextDeadline() -> Int {
    let (next, polls) = state.withLock { ($0.deadlines.nextTime(), !$0.polled.isEmpty) }
    let left = next.map { max(0, $0 - Clock.monotonicMilliseconds) } ?? -1
    guard polls else { return left }
    return left < 0 ? Self.pollMilliseconds : min(left, Self.pollMilliseconds)
  }

  private func takeDueDeadlines() -> [Deadline] {
    let now = Clock.monotonicMilliseconds
    return state.withLock { $0.deadlines.takeDue(at: now) }
  }

  private func interrupt() { wake.wake() }
}
