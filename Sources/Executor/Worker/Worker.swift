import Glibc
import JobProtocol
import Posix
import Redis
import Signing

/// A long-lived executor: takes jobs from the queue of a pool, as many at a time as it has slots.
///
/// It starts a job only while its key with a time to live is certain to be there: so nobody else
/// starts what this worker starts. After an absence it asks first what it still may do.
///
/// Three connections: `commands` for everything that is answered at once, `takes` for the blocking
/// `BLMOVE` (sent only while a slot is free, one at a time), `orders` for the subscription. A taken
/// message lies in the worker's own list until the job's end is reported, so that the engine finds
/// there what a dead worker had.
final class Worker: LoopOwner {
  enum Phase: Equatable {
    case serving
    /// Takes no more, finishes what runs.
    case draining
    /// A Unix signal came: jobs are being ended.
    case stopping(Int32)
    /// Nothing runs any more; the last words are on their way.
    case leaving(deadline: Int)
    case over
  }

  /// What the connection `takes` is doing.
  enum TakeState {
    case idle
    /// Looking for a job that was moved while the connection was lost.
    case recovering
    case asking
  }

  static let leaveMilliseconds = 10_000
  static let unblockMilliseconds = 2000

  /// What is known of the answer to the latest question for the pool's number of slots.
  enum PoolSlotsQuestion {
    case none, asked
    /// An order has come since the question was asked.
    case overtaken
  }

  let options: WorkerOptions
  let name: String
  let workshop: Workshop
  let loop: PollLoop
  let keys: PoolKeys
  let commands: RedisLink
  let takes: RedisLink
  let orders: RedisLink
  var phase = Phase.serving
  var slots: Int
  /// What the pool's key said last: a change of it counts, not its presence.
  var poolSlots: Int?
  var poolSlotsQuestion = PoolSlotsQuestion.none
  var presence: Presence
  var knownRun: KnownRun
  /// Nobody else came to have our name.
  private(set) var hasName = true
  var gate: JobGate
  var takeState = TakeState.idle
  var takeConnectionID: Int?
  var askingEndsAt: Int?
  /// Our list may have jobs that we do not know of.
  var mustLook = false
  var cancelled = CancelledJobs()
  /// Jobs taken whose run's `cancelled` set has not come yet.
  var held: [TakenJob] = []
  /// Jobs taken of which it is not known yet whether another executor has started them.
  var claimed: [TakenJob] = []
  /// Finished jobs whose `LREM` is not answered yet.
  var releasing: Set<String> = []
  /// Messages of finished jobs whose report is not answered yet. They stay in our list until then:
  /// a Redis without room refuses the report and would still obey `LREM`, and a job that is in no
  /// list and has no report counts as lost.
  private var unreported: [String: [UInt8]] = [:]
  /// Jobs that are on their way back to the queue. Until that is certain we take none: it might be
  /// the same one, and what is sent again after a lost answer would give it away while it runs.
  var givingBack: Set<String> = []
  /// Jobs that left our list since we asked what is in it: the answer may still have them.
  var releasedSinceAsked: Set<String> = []
  private var nextHeartbeat: Int
  private let patience = Patience()
  var exitStatus: Int32 = 0

  /// Throws what prevents the start.
  init(_ options: WorkerOptions, key: SigningKey?) throws {
    try DescriptorLimit.allow(slots: options.slots)
    let guardian = try Guardian(count: ExecutorOrder.slotRange.upperBound)
    loop = try PollLoop()
    let settings = ExecutorSettings { Environment[$0] }
    let connection = try Patience.connect(options.url)
    let keys = PoolKeys(options.pool)
    presence = Presence(interval: settings.heartbeat, since: Clock.sleeplessMilliseconds)
    knownRun = KnownRun(interval: settings.heartbeat, isKnown: options.stateDirectory != nil)
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
    workshop = Workshop(
      settings: settings, identity: identity, commands: commands, guardian: guardian,
      ends: UnreportedEnds(pool: options.pool, given: options.stateDirectory))
    nextHeartbeat = Clock.monotonicMilliseconds
    take(poolSlots: try connection.call(RedisCommand("GET", keys.slots)))
    let reported = workshop.ends.reportLeft(connection)
    commands.use(connection)
    try loseFormerJobs(connection, except: reported)
    register()
  }

  func run() -> Int32 {
    loop.run(self)
    workshop.ends.close()
    return exitStatus
  }

  var links: [RedisLink] { [orders, commands, takes] }
  var isOver: Bool { phase == .over }
  var guardian: Guardian { workshop.guardian }
  var busy: Int { loop.jobs.count + held.count + claimed.count }

  var dueAt: Int? {
    if case .leaving(let deadline) = phase { return min(deadline, nextHeartbeat) }
    return min(nextHeartbeat, takeState == .asking ? askingEndsAt ?? .max : .max)
  }

  func connected(_ link: RedisLink) {
    if link === commands {
      register()
      distrustOthers()
    }
    if link === orders { resubscribe() }
    if link === takes { recover() }
  }

  /// A network that had swallowed the answers to commands has swallowed the rest, too; only nobody
  /// notices where one waits anyway.
  private func distrustOthers() {
    guard let loss = commands.lastLoss, loss.code == .timeout else { return }
    for link in [takes, orders] { link.lose(loss, now: Clock.monotonicMilliseconds) }
  }

  func received(_ reply: RedisValue, _ purpose: RedisLink.Purpose, from link: RedisLink) {
    switch purpose {
    case .pushed: obey(reply)
    case .takeConnectionID: takeConnectionID = reply.integer
    case .leftovers: takeUp(reply.array ?? [])
    case .taken: taken(reply)
    case .released(let job):
      releasing.remove(job)
      if takeState == .recovering { releasedSinceAsked.insert(job) }
    case .givenBack(let job):
      givingBack.remove(job)
      if takeState == .recovering { releasedSinceAsked.insert(job) }
      ask()
    case .reported(let job):
      if reply.errorText == nil { workshop.ends.reported(job) }
      if let message = unreported.removeValue(forKey: job) { release(message, of: job) }
    case .takenCount: compareList(count: reply.integer)
    case .cancelledJobs(let run): learn(reply.array ?? [], ofRun: run)
    case .alive(let sentAt):
      if reply.errorText == nil { acknowledged(reply, sentAt: sentAt) }
    case .poolSlots: answered(poolSlots: reply)
    case .claimed(let job): learn(owner: reply.string ?? "", of: job)
    case .holder(let job, let owner): learn(isAlive: !reply.isNull, owner: owner, of: job)
    case .acknowledgement, .output, .acquired, .isCompleted, .message, .isCancelled, .runKeys:
      break
    }
  }

  func received(signal: Int32) {
    switch phase {
    case .serving, .draining:
      phase = .stopping(signal)
      stopAsking()
      for job in loop.jobs { job.cancel() }
    case .stopping, .leaving, .over:
      for job in loop.jobs { job.killGroup() }
      exitStatus = 128 + signal
      phase = .over
    }
  }

  func ended(_ job: RunningJob) {
    releasing.insert(job.id)
    unreported[job.id] = job.messageBytes
    ask()
  }

  func tick(now: Int) {
    checkUnblocked(now: now)
    if takeState != .idle, !takes.isConnected {
      takeState = .idle
      mustLook = true
    }
    ask()
    if now >= nextHeartbeat {
      nextHeartbeat = now + workshop.settings.heartbeat
      beat()
    }
    leaveIfDone(now: now)
    giveUpIfHopeless(now: now)
  }

  /// Another worker has our name, and with it our list: everything here is ended.
  func makeRoom(for other: ExecutorIdentity) {
    Console.say("\(other.name) is another worker now (pid \(other.pid) on \(other.host)); leaving")
    for job in loop.jobs { job.cancel() }
    held = []
    claimed = []
    hasName = false
    exitStatus = 3
    if phase == .serving { phase = .draining }
    stopAsking()
  }

  private func leaveIfDone(now: Int) {
    switch phase {
    case .serving, .over: break
    case .draining, .stopping:
      // Without Redis nobody tells what to do with those; they stay in our list for the engine.
      if phase != .draining, loop.jobs.isEmpty, !commands.isConnected {
        held = []
        claimed = []
      }
      let isEmpty = busy == 0 && (unreported.isEmpty || phase != .draining)
      guard isEmpty, takeState == .idle, phase != .draining || !mustLook else { return }
      // After a drain nobody waits for us: reports may wait for a Redis that is away.
      let limit = phase == .draining ? patience.withoutJobs : Worker.leaveMilliseconds
      phase = .leaving(deadline: now + limit)
      if hasName { commands.send(lastWords) }
    case .leaving(let deadline):
      if commands.isIdle { phase = .over }
      if now >= deadline, phase != .over {
        let reason = commands.lastError.map { "\($0)" } ?? "no answer"
        Console.say("left without saying so in Redis: \(reason)")
        exitStatus = 3
        phase = .over
      }
    }
  }

  private func giveUpIfHopeless(now: Int) {
    guard phase != .over, busy == 0, let error = patience.exhausted(by: commands, now: now) else {
      return
    }
    Console.say("gave up after \(patience.withoutJobs / 1000) s without jobs and Redis: \(error)")
    exitStatus = 3
    phase = .over
  }
}
