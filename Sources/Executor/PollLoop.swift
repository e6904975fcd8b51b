import Glibc
import JobProtocol
import Posix
import Redis

/// The owner of the loop: a worker or a one-shot executor.
protocol LoopOwner: AnyObject {
  var links: [RedisLink] { get }
  var isOver: Bool { get }
  var guardian: Guardian { get }
  var context: ExecutorContext { get }
  /// When `tick` must be called even if no event arrives; `nil` for never.
  var dueAt: Int? { get }
  func connected(_ link: RedisLink)
  func received(_ reply: RedisValue, _ purpose: RedisLink.Purpose, from link: RedisLink)
  func received(signal: Int32)
  func ended(_ jobs: [RunningJob])
  func tick(now: Int)
}

/// One thread and one `poll` for Unix signals, the guardian, connections, the jobs' pipes and
/// exits, and timers.
///
/// A turn reads what is ready, handles it, and sends the gathered commands of each connection at
/// once. Exits of jobs are handled before replies, so that the next job is requested before another
/// one is started, which takes time.
final class PollLoop {
  private(set) var jobs: [RunningJob] = []

  private let signals: UnixSignals
  private var entries: [pollfd] = []
  private var sources: [Source] = []
  /// Whether a child has no exit descriptor and must be checked every 20 ms.
  private var hasPolledChild = false

  /// The pause before another attempt to start a guardian, in milliseconds.
  private static let guardianPause = 1000

  private enum Source {
    case signals
    case guardian
    case link(RedisLink)
    case stream(RunningJob, LogChunk.Stream)
    case end(RunningJob)
  }

  /// Blocks TERM, INT, HUP, PIPE and the others for this thread: create it before other threads
  /// start.
  init(besides others: [Int32] = []) throws(PosixError) {
    // What the parent ignores (nohup) stays ignored.
    let wanted = ([SIGTERM, SIGINT, SIGHUP] + others).filter { !UnixSignals.isIgnored($0) }
    signals = try UnixSignals(wanted + [SIGPIPE])
  }

  /// Whether a Unix signal arrives within a time.
  func hasSignal(within milliseconds: Int) -> Bool {
    Poll.wait(for: signals.descriptor, POLLIN, milliseconds: milliseconds)
  }

  func add(_ job: RunningJob) { jobs.append(job) }

  func run(_ owner: some LoopOwner) {
    while !owner.isOver {
      serveLinks(owner)
      gather(owner)
      let timeout = timeout(owner)
      if Poll.wait(&entries, milliseconds: timeout) > 0 { dispatch(owner) }
      runTimers(owner)
    }
    owner.context.sendReports()
    for link in owner.links { link.pump(now: Clock.monotonicMilliseconds) }
  }

  /// If one connection fails, which may take a while, the jobs are handled before the other
  /// connections are tried.
  private func serveLinks(_ owner: some LoopOwner) {
    let now = Clock.monotonicMilliseconds
    owner.context.sendDueReports(now: now)
    var mayConnect = true
    for link in owner.links {
      link.checkTimeouts(now: now)
      if mayConnect, link.isDueToConnect(at: now) {
        mayConnect = link.connect(now: now)
        if mayConnect { owner.connected(link) }
      }
      link.pump(now: now)
    }
  }

  private func gather(_ owner: some LoopOwner) {
    entries.removeAll(keepingCapacity: true)
    sources.removeAll(keepingCapacity: true)
    hasPolledChild = false
    for job in jobs { watch(job) }
    watch(signals.descriptor, .signals)
    if let number = owner.guardian.endDescriptor { watch(number, .guardian) }
    for link in owner.links {
      guard let number = link.descriptor else { continue }
      watch(number, .link(link), link.wantsToWrite ? POLLIN | POLLOUT : POLLIN)
    }
  }

  private func watch(_ job: RunningJob) {
    guard let process = job.process else { return }
    if let number = process.outputDescriptor { watch(number, .stream(job, .standardOutput)) }
    if let number = process.errorDescriptor { watch(number, .stream(job, .standardError)) }
    if let number = process.endDescriptor { watch(number, .end(job)) }
    if process.mustBePolled { hasPolledChild = true }
  }

  private func watch(_ number: Int32, _ source: Source, _ events: Int32 = POLLIN) {
    entries.append(pollfd(fd: number, events: Int16(events), revents: 0))
    sources.append(source)
  }

  private func timeout(_ owner: some LoopOwner) -> Int {
    var due = min(owner.dueAt ?? Int.max, owner.context.reports.dueAt ?? Int.max)
    for link in owner.links { due = min(due, link.dueAt ?? Int.max) }
    for job in jobs { due = min(due, job.dueAt ?? Int.max) }
    let now = Clock.monotonicMilliseconds
    if hasPolledChild { due = min(due, now + 20) }
    if owner.guardian.endDescriptor == nil { due = min(due, now + Self.guardianPause) }
    return due == Int.max ? -1 : max(0, due - now)
  }

  private func dispatch(_ owner: some LoopOwner) {
    for (entry, source) in zip(entries, sources) where entry.revents != 0 {
      switch source {
      case .signals:
        while let signal = signals.next() {
          if signal != SIGPIPE { owner.received(signal: signal) }
        }
      case .guardian: owner.guardian.replace()
      case .link(let link):
        removeEnded(owner)
        link.receive(now: Clock.monotonicMilliseconds) { owner.received($0, $1, from: link) }
      case .stream(let job, let stream):
        job.streamIsReady(stream, hangUpOnly: Int32(entry.revents) & POLLIN == 0)
      case .end(let job): job.reap()
      }
    }
  }

  private func runTimers(_ owner: some LoopOwner) {
    let now = Clock.monotonicMilliseconds
    for job in jobs {
      if job.process?.mustBePolled == true { job.reap() }
      job.fireTimers(now: now)
    }
    removeEnded(owner)
    if owner.guardian.endDescriptor == nil { owner.guardian.replace() }
    owner.tick(now: now)
  }

  private func removeEnded(_ owner: some LoopOwner) {
    guard jobs.contains(where: { $0.ending != nil }) else { return }
    let ended = jobs.filter { $0.ending != nil }
    jobs.removeAll { $0.ending != nil }
    owner.ended(ended)
  }
}
