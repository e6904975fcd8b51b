import Engine
import Glibc
import JobProtocol
import Posix
import Synchronization

/// The engine process's one door to the operating system: Unix signals, ends of children,
/// deadlines.
///
/// It waits in `poll` on the thread that calls `run`; everybody else adds children and deadlines
/// from any thread. Nothing is asked for periodically.
final class HostLoop: Sendable {
  enum Event: Sendable, Equatable {
    case signal(Int32)
    case childEnded(Child, ExitStatus)
    case deadline(Deadline)
  }

  /// What a deadline was set for.
  enum Deadline: Sendable, Hashable {
    case interval(process: Int)
    case lease
    /// The run has begun.
    case begun
    /// The engine was told to stop a while ago.
    case stopping
    /// The run's own Redis is to be looked after.
    case server
    case watchers
    case completions
    case report(job: String)
    /// A scheduled retry is due.
    case retry(AttemptID)
    /// A worker has not been heard of for a while.
    case heartbeat(worker: String)
    /// A job that the infrastructure refused may be submitted again.
    case resubmission(AttemptID)
    /// An attempt that an executor of another make runs has taken too long.
    case timeout(AttemptID, seconds: Double)
    /// That it was told to end has not helped.
    case overtime(AttemptID)
    /// A function's result that is to come later.
    case delayed(job: String)
    /// A function's own limit.
    case function(job: String, seconds: Double)
    /// Node.js was asked whether it still listens.
    case node
  }

  private struct Watched: Sendable {
    let child: Child
    /// Is told of its end; `nil`: whoever runs the loop is.
    let hasEnded: (@Sendable (ExitStatus) -> Void)?

    func tell(_ status: ExitStatus, _ deliver: (Event) -> Void) {
      if let hasEnded { hasEnded(status) } else { deliver(.childEnded(child, status)) }
    }
  }

  private struct State {
    /// By the descriptor that tells of the end.
    var children: [Int32: Watched] = [:]
    /// Those that had ended before they could be watched.
    var gone: [Watched] = []
    /// Those for which no descriptor could be had.
    var polled: [Watched] = []
    var deadlines = Deadlines()
    var isStopped = false
  }

  /// How often children without a descriptor are looked at.
  private static let pollMilliseconds = 500

  private let signals: UnixSignals
  private let wake: Pipe
  private let state = Mutex(State())

  /// Blocks the signals; call it before other threads are started.
  init(signals: [Int32]) throws(PosixError) {
    self.signals = try UnixSignals(signals)
    wake = try Pipe(nonblocking: true)
  }

  /// Tells of the end of a child, or of a process that another engine had started; also of one that
  /// has gone already.
  ///
  /// - Parameter hasEnded: is called on the loop's thread; without it the end is an event.
  func watch(_ child: Child, hasEnded: (@Sendable (ExitStatus) -> Void)? = nil) {
    let watched = Watched(child: child, hasEnded: hasEnded)
    do throws(PosixError) {
      let end = try child.endDescriptor().release()
      state.withLock { $0.children[end] = watched }
    } catch {
      // Without a descriptor, as when all are in use, it is looked at now and then.
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
      let descriptors = [wake.readEnd.number, signals.descriptor] + children
      var entries = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      _ = Poll.wait(&entries, milliseconds: timeToNextDeadline())
      if entries[0].revents != 0 { drainWake() }
      while let signal = signals.next() { deliver(.signal(signal)) }
      for watched in takeGone() { watched.tell(.unknown, deliver) }
      lookAtPolled(deliver)
      for entry in entries.dropFirst(2) where entry.revents != 0 { reap(entry.fd, deliver) }
      for deadline in takeDueDeadlines() { deliver(.deadline(deadline)) }
    }
  }

  private func takeGone() -> [Watched] {
    state.withLock { state in
      defer { state.gone = [] }
      return state.gone
    }
  }

  private func lookAtPolled(_ deliver: (Event) -> Void) {
    for watched in state.withLock({ $0.polled }) {
      let end = watched.child.wait(block: false)
      guard end != nil || kill(watched.child.pid, 0) != 0 else { continue }
      state.withLock { $0.polled.removeAll { $0.child == watched.child } }
      watched.tell(end?.status ?? .unknown, deliver)
    }
  }

  private func reap(_ descriptor: Int32, _ deliver: (Event) -> Void) {
    guard let watched = state.withLock({ $0.children.removeValue(forKey: descriptor) }) else {
      return
    }
    close(descriptor)
    watched.tell(watched.child.wait(block: false)?.status ?? .unknown, deliver)
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

  private func interrupt() { _ = write(wake.writeEnd.number, [1], 1) }

  private func drainWake() {
    while let bytes = try? DescriptorIO.read(wake.readEnd.number), bytes.count == 65536 {}
  }
}
