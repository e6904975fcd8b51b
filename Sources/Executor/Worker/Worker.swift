import Glibc
import JobProtocol
import Posix
import Redis
import Signing

/// A long-lived executor: takes jobs from the queue of a pool, as many at a time as it has
/// slots.
///
/// It starts a job only while its heartbeat key certainly exists, so nobody else starts the
/// job. After an absence, it first asks what it may still do.
///
/// Three connections: `commands` for everything that is answered at once, `takes` for the
/// blocking `BLMOVE` (sent only while a slot is free, one request at a time), `orders` for the
/// subscription. A taken message stays in the worker's own list until the job's result is
/// reported, so the engine finds there what a dead worker had.
final class Worker: LoopOwner {
  enum Phase: Equatable {
    case serving
    /// Takes no more jobs, finishes the running ones.
    case draining
    /// A Unix signal arrived: jobs are being ended.
    case stopping(Int32)
    /// No job runs any more; the last reports are being sent.
    case leaving(deadline: Int)
    case over
  }

  /// The state of the connection `takes`.
  enum TakeState {
    case idle
    /// Looking for a job that was moved while the connection was lost.
    case recovering
    case asking
  }

  static let leaveMilliseconds = 10_000
  static let unblockMilliseconds = 2000
  /// How long after the end of a job a signal of a scheduler may still be on its way.
  static let signalMilliseconds = 300

  /// The state of the last query for the pool's number of slots.
  enum PoolSlotsQuestion {
    case none, asked
    /// An order arrived after the query.
    case overtaken
  }

  let options: WorkerOptions
  let name: String
  let context: ExecutorContext
  let loop: PollLoop
  let keys: PoolKeys
  let commands: RedisLink
  let takes: RedisLink
  let orders: RedisLink
  var phase = Phase.serving
  var slots: Int
  /// The last value of the pool's key: only a change of it counts.
  var poolSlots: Int?
  var poolSlotsQuestion = PoolSlotsQuestion.none
  var presence: Presence
  var knownRun: KnownRun
  /// The directory of the run, while the run has no engine and the worker nothing to do.
  var runDirectory: KnownRun
  /// Whether the run was deleted, so that its own Redis ends with the worker.
  var endsServer = false
  /// Whether no other worker registered under our name.
  private(set) var hasName = true
  var gate: JobGate
  var takeState = TakeState.idle
  var takeConnectionID: Int?
  var askingEndsAt: Int?
  /// How many answers the pending request still has.
  var expectedTakes = 0
  /// How many jobs the pool's queue has behind those of the pending request; it may be old.
  var queueLength = 0
  /// Whether the list may have unknown jobs.
  var mustRecover = false
  var cancelled = CancelledJobs()
  /// Taken jobs whose run's `cancelled` set is not known yet.
  var held: [TakenJob] = []
  /// Taken jobs that another executor may have started.
  var claimed: [TakenJob] = []
  /// A taken job that does not fit yet: it starts before others, see `Bookings`.
  var next: TakenJob?
  /// How many jobs may still start before `next`.
  var passes = 0
  var bookings: Bookings
  /// Whether to take jobs one at a time, because the latest job requested resources.
  var takesOne = false
  /// Until when nothing is taken, because the queue has a job for larger workers.
  var pausesUntil = 0
  /// The job that was last left to larger workers.
  var leftToOthers = ""
  /// Finished jobs whose `LREM` is not answered yet.
  var releasing: Set<String> = []
  /// Messages of finished jobs whose report is not answered yet. They stay in the list until
  /// then: a full Redis refuses the report but would still execute `LREM`, and a job without
  /// list entry and report counts as lost.
  private var unreported: [String: [UInt8]] = [:]
  /// Jobs that are being given back. Until that is certain, no job is taken: it might be the
  /// same one, and a repeated command would give it away while it runs.
  var givingBack: Set<String> = []
  /// Jobs that have left the list since the last query: its answer may still have them.
  var releasedSinceAsked: Set<String> = []
  private var nextHeartbeat: Int
  /// When the worker last had a job, in monotonic milliseconds.
  private var lastBusy = Clock.monotonicMilliseconds
  private let outageLimits = OutageLimits()
  var exitStatus: Int32 = 0

  /// Throws if the worker cannot start.
  init(_ options: WorkerOptions, key: SigningKey?) throws {
    try DescriptorLimit.allow(slots: options.slots)
    let guardian = try Guardian(count: ExecutorOrder.slotRange.upperBound)
    loop = try PollLoop(besides: [SIGUSR1])
    var settings = ExecutorSettings { Environment[$0] }
    settings.containerTool = options.containerTool ?? settings.containerTool
    let connection = try OutageLimits.connect(options.url)
    let keys = PoolKeys(options.pool, site: options.queue)
    presence = Presence(interval: settings.heartbeat, since: Clock.bootMilliseconds)
    knownRun = KnownRun(interval: settings.heartbeat, isKnown: options.stateDirectory != nil)
    runDirectory = KnownRun(interval: settings.heartbeat)
    name = try Worker.claim(
      options.name, keys: keys, connection, milliseconds: presence.lifetime)
    self.options = options
    self.keys = keys
    slots = options.slots
    gate = JobGate(key: key)
    commands = RedisLink(options.url, announces: true)
    takes = RedisLink(options.url)
    orders = RedisLink(options.url)
    let identity = ExecutorIdentity(
      name: name, host: Environment.hostName, pid: Int(getpid()))
    context = ExecutorContext(
      settings: settings, identity: identity, commands: commands, guardian: guardian,
      ends: UnreportedResults(pool: options.pool, given: options.stateDirectory),
      stager: options.staging.map { directory in
        Stager(
          directory: directory, root: options.stagedRoot ?? "", place: Files.currentDirectory)
      })
    nextHeartbeat = Clock.monotonicMilliseconds
    bookings = Bookings(
      memory: options.memory ?? Bookings.hostMemory(context.controlGroup),
      gpus: Bookings.hostGPUs(
        visible: Environment["CUDA_VISIBLE_DEVICES"], devices: Files.list("/dev")))
    if options.isPreemptible {
      context.isPreempted = { [loop] in loop.hasSignal(within: Worker.signalMilliseconds) }
    }
    apply(poolSlots: try connection.call(RedisCommand("GET", keys.slots)))
    let reported = context.ends.reportLeft(connection)
    commands.use(connection)
    try reportFormerJobsLost(connection, except: reported)
    register()
  }

  func run() -> Int32 {
    loop.run(self)
    context.ends.close()
    if endsServer {
      context.ends.removeDeletedRun()
      if options.url.identity != nil { try? PrivateRedis.shutDown(options.url) }
    }
    return exitStatus
  }

  var links: [RedisLink] { [orders, commands, takes] }
  var isOver: Bool { phase == .over }
  var guardian: Guardian { context.guardian }
  /// The jobs in its list.
  var busy: Int { usedSlots - bookings.extraSlots + (next == nil ? 0 : 1) }
  /// The slots that jobs occupy.
  var usedSlots: Int {
    loop.jobs.count + held.count + claimed.count + bookings.extraSlots
  }

  var dueAt: Int? {
    if case .leaving(let deadline) = phase { return min(deadline, nextHeartbeat) }
    let due = min(nextHeartbeat, takeState == .asking ? askingEndsAt ?? .max : .max)
    return pausesUntil > 0 ? min(due, pausesUntil) : due
  }

  func connected(_ link: RedisLink) {
    if link === commands {
      register()
      dropOtherConnections()
    }
    if link === orders { resubscribe() }
    if link === takes { recover() }
  }

  /// A network that lost the answers to commands has lost everything else too, but a
  /// connection that waits anyway does not notice.
  private func dropOtherConnections() {
    guard let loss = commands.lastLoss, loss.code == .timeout else { return }
    for link in [takes, orders] { link.lose(loss, now: Clock.monotonicMilliseconds) }
  }

  func received(_ reply: RedisValue, _ purpose: RedisLink.Purpose, from link: RedisLink) {
    switch purpose {
    case .pushed: receiveOrder(reply)
    case .takeConnectionID: takeConnectionID = reply.integer
    case .leftovers: receiveLeftovers(reply.array ?? [])
    case .taken: taken(reply)
    case .queueLength: queueLength = max(0, (reply.integer ?? 0) - expectedTakes)
    case .released(let job):
      // A message that could not be removed stays in the list, and its job must not start again.
      if reply.errorText != nil { return }
      releasing.remove(job)
      if takeState == .recovering { releasedSinceAsked.insert(job) }
    case .givenBack(let job):
      givingBack.remove(job)
      if takeState == .recovering { releasedSinceAsked.insert(job) }
      requestJobs()
    case .reported(let jobs):
      for job in jobs {
        if reply.errorText == nil { context.ends.reported(job) }
        if let message = unreported.removeValue(forKey: job) { release(message, of: job) }
      }
    case .takenCount: compareList(count: reply.integer)
    case .cancelledJobs(let run): receive(cancelled: reply.array ?? [], ofRun: run)
    case .alive(let sentAt):
      if reply.errorText == nil { acknowledged(reply, sentAt: sentAt) }
    case .poolSlots: answered(poolSlots: reply)
    case .claimed(let job): receive(owner: reply.string ?? "", of: job)
    case .holder(let job, let owner): receive(isAlive: !reply.isNull, owner: owner, of: job)
    case .acknowledgement, .output, .acquired, .isCompleted, .message, .isCancelled, .runKeys:
      break
    }
  }

  func received(signal: Int32) {
    if signal == SIGUSR1 { return drain() }
    switch phase {
    case .serving, .draining:
      phase = .stopping(signal)
      stopRequesting()
      returnNextToQueue()
      for job in loop.jobs { job.stop(for: options.isPreemptible ? .preempted : .cancelled) }
    case .stopping, .leaving, .over:
      for job in loop.jobs { job.killGroup() }
      exitStatus = 128 + signal
      phase = .over
    }
  }

  /// Takes no more jobs, finishes those it has, and exits.
  func drain() {
    guard phase == .serving else { return }
    phase = .draining
    stopRequesting()
    returnNextToQueue()
    sendHeartbeat()
  }

  /// Exits if the worker has had no job for the time in its options.
  private func exitIfIdle(now: Int) {
    if busy > 0 || takeState == .recovering { lastBusy = now }
    guard let idle = options.idle, phase == .serving, now - lastBusy >= idle * 1000 else { return }
    Console.printError("leaving after \(idle) s without a job")
    drain()
  }

  func ended(_ jobs: [RunningJob]) {
    for job in jobs {
      bookings.release(job.id)
      releasing.insert(job.id)
      unreported[job.id] = job.messageBytes
    }
    startNext()
    requestJobs()
  }

  func tick(now: Int) {
    checkUnblocked(now: now)
    if pausesUntil > 0, now >= pausesUntil { pausesUntil = 0 }
    if takeState != .idle, !takes.isConnected {
      takeState = .idle
      mustRecover = true
    }
    requestJobs()
    if now >= nextHeartbeat {
      nextHeartbeat = now + context.settings.heartbeat
      sendHeartbeat()
    }
    exitIfIdle(now: now)
    exitIfDrained(now: now)
    exitIfWithoutRedis(now: now)
  }

  /// Ends all jobs and exits, because another worker has our name and our list.
  func exitForSameName(_ other: ExecutorIdentity) {
    Console.printError(
      "\(other.name) is another worker now (pid \(other.pid) on \(other.host)); leaving")
    for job in loop.jobs { job.cancel() }
    held = []
    claimed = []
    next = nil
    hasName = false
    exitStatus = 3
    if phase == .serving { phase = .draining }
    stopRequesting()
  }

  private func exitIfDrained(now: Int) {
    switch phase {
    case .serving, .over: break
    case .draining, .stopping:
      // Without Redis, it is unknown whether these jobs were cancelled. They stay in the list for
      // the engine.
      if phase != .draining, loop.jobs.isEmpty, !commands.isConnected {
        held = []
        claimed = []
        next = nil
      }
      let isEmpty = busy == 0 && (unreported.isEmpty || phase != .draining)
      guard isEmpty, takeState == .idle, phase != .draining || !mustRecover else { return }
      // After a drain, nobody waits for this process, so it may wait longer for Redis.
      let limit = phase == .draining ? outageLimits.withoutJobs : Worker.leaveMilliseconds
      phase = .leaving(deadline: now + limit)
      context.sendReports()
      if hasName { commands.send(leaveCommands) }
    case .leaving(let deadline):
      if commands.isIdle, context.reports.isEmpty { phase = .over }
      if now >= deadline, phase != .over {
        let reason = commands.lastError.map { "\($0)" } ?? "no answer"
        Console.printError("left without reporting it to Redis: \(reason)")
        exitStatus = 3
        phase = .over
      }
    }
  }

  var isIdle: Bool { busy == 0 && held.isEmpty && claimed.isEmpty && unreported.isEmpty }

  private func exitIfWithoutRedis(now: Int) {
    // A job that waits for its files needs Redis' tunnel, too.
    let isIdle = held.isEmpty && claimed.isEmpty && loop.jobs.allSatisfy { $0.staging != nil }
    guard phase != .over, isIdle, let error = outageLimits.exhausted(by: commands, now: now)
    else {
      return
    }
    Console.printError(
      "gave up after \(outageLimits.withoutJobs / 1000) s without jobs and Redis: \(error)")
    exitStatus = 3
    phase = .over
  }
}
