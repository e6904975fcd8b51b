import Glibc
import JobProtocol
import Posix
import Redis
import Signing

/// Runs the named tasks one after the other, and exits: the original executor's mode.
///
/// | state | waiting for | then |
/// |---|---|---|
/// | acquiring | `SADD hf_all_jobs`, `INCR`, `SISMEMBER completedTasks` | done already: next task |
/// | waiting | `BRPOPLPUSH` of the message | of our engine: checking, else running |
/// | checking | subscription to orders, then `SISMEMBER cancelled` | cancelled: report, next task |
/// | | and who has claimed the job | we: running, else standing by |
/// | standing by | the end of the executor that has the job | next task |
/// | running | the job | report, next task |
/// | leaving | replies to the reports | over |
///
/// The message may arrive after the executor has started, so the executor waits without limit, like
/// HyperFlow's. Only one executor starts a job of our engine: the first one claims it. While it has
/// the job, it renews a heartbeat key.
final class OneShot: LoopOwner {
  enum Step: Equatable {
    case acquiring, waiting, checking, standingBy, running, leaving, over
  }

  let links: [RedisLink]
  let commands: RedisLink
  let orders: OrdersLink
  let context: ExecutorContext
  let loop: PollLoop
  var step = Step.acquiring
  /// The message of the task, until it is started.
  var message: TakenJob?
  var isCancelled = false
  var gate: JobGate
  /// The state of our heartbeat, while we have a job.
  var presence: Presence?
  var nextHeartbeat = Int.max
  var knownRun: KnownRun
  private let tasks: [String]
  /// Whether the infrastructure may end this executor. Then its job counts as lost.
  private let isPreemptible = Environment.withdraw("HFLOW_PREEMPTIBLE") != nil
  private let outageLimits = OutageLimits()
  private var index = 0
  private var note: String?
  var exitStatus: Int32 = 0

  /// Throws if the executor cannot start.
  init(tasks: [String], url: RedisURL, key: SigningKey?, stateDirectory: String?) throws {
    self.tasks = tasks
    gate = JobGate(key: key)
    let guardian = try Guardian(count: 1)
    loop = try PollLoop()
    commands = RedisLink(url, announces: true)
    let connection = try OutageLimits.connect(url)
    orders = OrdersLink(url)
    links = [commands, orders.link]
    let host = Environment.hostName
    let identity = ExecutorIdentity(name: "\(host)-\(getpid())", host: host, pid: Int(getpid()))
    let settings = ExecutorSettings { Environment[$0] }
    knownRun = KnownRun(interval: settings.heartbeat, isKnown: stateDirectory != nil)
    let ends = UnreportedResults(
      pool: CancelledJobs.run(of: tasks.first ?? ""), given: stateDirectory)
    context = ExecutorContext(
      settings: settings, identity: identity, commands: commands,
      guardian: guardian, ends: ends)
    if isPreemptible {
      context.isPreempted = { [loop] in loop.hasSignal(within: Worker.signalMilliseconds) }
    }
    context.echo = ConsoleEcho.forThisProcess()
    _ = ends.reportLeft(connection)
    commands.use(connection)
    acquire()
  }

  func run() -> Int32 {
    loop.run(self)
    context.ends.close()
    return exitStatus
  }

  var isOver: Bool { step == .over }
  var guardian: Guardian { context.guardian }
  var dueAt: Int? {
    let limit = commands.lostSince
      .map { max($0 + outageLimits.withoutJobs, Clock.monotonicMilliseconds + 100) }
    return [limit, nextHeartbeat].compactMap { $0 }.min()
  }
  var task: String { tasks[index] }

  func connected(_ link: RedisLink) {
    if link === orders.link { orders.resubscribe() }
    guard link === commands else { return }
    if presence != nil { sendHeartbeat() }
    // After lost replies, orders may be lost, too.
    if let loss = commands.lastLoss, loss.code == .timeout {
      orders.link.lose(loss, now: Clock.monotonicMilliseconds)
    }
  }

  func received(_ reply: RedisValue, _ purpose: RedisLink.Purpose, from link: RedisLink) {
    switch purpose {
    case .acquired:
      if let count = reply.integer, count > 1 {
        note = "task \(task) was acquired before; this is acquisition \(count)"
      }
    case .isCompleted:
      if reply.integer == 1 { return next() }
      waitForMessage()
    case .message: received(message: reply)
    case .pushed: deliver(reply)
    case .isCancelled: receive(isCancelled: reply.integer == 1)
    case .runKeys: if let count = reply.integer { receive(runKeys: count) }
    case .claimed(let job): if job == task { receive(owner: reply.string ?? "") }
    case .holder(let job, _): if job == task { receive(isHeld: !reply.isNull) }
    case .reported(let jobs):
      if reply.errorText == nil { for job in jobs { context.ends.reported(job) } }
    case .alive(let sentAt):
      if reply.errorText == nil { acknowledged(sentAt: sentAt) }
    case .acknowledgement, .output, .released, .givenBack, .takenCount, .takeConnectionID,
      .queueLength, .leftovers, .taken, .cancelledJobs, .poolSlots:
      break
    }
  }

  func received(signal: Int32) {
    let isFirst = exitStatus == 0
    exitStatus = 128 + signal
    // Wait for the report that is being sent; a second signal ends the wait.
    if isFirst, step == .leaving { return }
    guard isFirst, step == .running else {
      for job in loop.jobs { job.killGroup() }
      step = .over
      return
    }
    for job in loop.jobs { job.stop(for: isPreemptible ? .preempted : .cancelled) }
  }

  func ended(_ jobs: [RunningJob]) { next() }

  func tick(now: Int) {
    if now >= nextHeartbeat { sendHeartbeat() }
    if step == .leaving, commands.isIdle, context.reports.isEmpty { step = .over }
    guard step != .over, loop.jobs.isEmpty,
      let error = outageLimits.exhausted(by: commands, now: now)
    else { return }
    Console.printError("gave up after \(outageLimits.withoutJobs / 1000) s without Redis: \(error)")
    exitStatus = 3
    step = .over
  }
}

extension OneShot {
  private func acquire() {
    step = .acquiring
    note = nil
    let workflow = OriginalKeys.workflowID(ofTask: task) ?? "undefined"
    commands.send(
      RedisCommand("SADD", OriginalKeys.allJobs, context.settings.allJobsMember(task: task)))
    commands.send(RedisCommand("INCR", OriginalKeys.acquireCount(task: task)), .acquired)
    queryRun()
    commands.send(
      RedisCommand("SISMEMBER", OriginalKeys.completedTasks(workflow: workflow), task),
      .isCompleted)
  }

  private func waitForMessage() {
    step = .waiting
    let key = OriginalKeys.message(task: task)
    // Blocks for a limited time, because the run may be deleted meanwhile.
    let seconds = min(
      Double(context.settings.heartbeat) / 1000, Double(RedisLink.blockSeconds))
    commands.send(RedisCommand("BRPOPLPUSH", key, key, "\(seconds)"), .message)
  }

  private func received(message reply: RedisValue) {
    guard step == .waiting else { return }
    if let text = reply.errorText { return fail(text) }
    guard let bytes = reply.bytes else {
      queryRun()
      return waitForMessage()
    }
    do throws(JobMessageError) {
      accept(try JobMessage(parsing: bytes), bytes)
    } catch {
      reportUnreadable(error.description)
    }
  }

  private func accept(_ parsed: JobMessage, _ bytes: [UInt8]) {
    do throws(SignatureError) {
      let accepted = try gate.accept(parsed, job: task, now: Clock.wallMilliseconds)
      message = TakenJob(
        id: task, message: accepted.message, bytes: bytes, expires: accepted.expires)
    } catch {
      return refuse(parsed, error)
    }
    guard parsed.completionTransport == .reports else { return begin() }
    step = .checking
    orders.follow(run: CancelledJobs.run(of: task))
    if orders.isFollowing { queryJob() }
  }

  private func deliver(_ reply: RedisValue) {
    switch orders.read(reply, gate: &gate) {
    case .following: queryJob()
    case .order(.cancel(let id)):
      if id == task { for job in loop.jobs { job.cancel() } }
    case .order(.drain), .order(.slots), nil: break
    }
  }

  func begin() {
    guard let taken = message else { return }
    message = nil
    step = .running
    let job = RunningJob(
      id: task, message: taken.message, bytes: taken.bytes, context: context)
    loop.add(job)
    job.begin(note: note)
  }

  /// An unreadable message may be from any engine. Reports it to our engine if the run has
  /// a reports stream, else in HyperFlow's way, which our engine also understands.
  private func reportUnreadable(_ reason: String) {
    Console.printError("\(task): \(reason)")
    let ending = Ending(.invalidMessage(reason))
    let time = Clock.steadyMilliseconds
    let report = JobReport.finished(
      job: task, outcome: ending.outcome, usage: JobUsage(), at: time)
    let entry = Reporter.entry([report], in: RunKeys.reports(job: task))
    var parts: [any RedisArgument] = entry.parts
    parts.insert("NOMKSTREAM", at: 2)
    commands.send(RedisCommand(parts))
    commands.send(
      Reporter(job: task, transport: .sets).finished(ending, usage: JobUsage(), at: time))
    next()
  }

  /// The message is rejected; the job is not started.
  private func refuse(_ parsed: JobMessage, _ error: SignatureError) {
    Console.printError("refused \(task): \(error)")
    let reporter = Reporter(job: task, transport: parsed.completionTransport)
    let ending = Ending(.invalidMessage("the job message is refused: \(error)"))
    if error == .replayed {
      report(refusal: error.description)
    } else {
      commands.send(
        reporter.finished(ending, usage: JobUsage(), at: Clock.steadyMilliseconds))
    }
    next()
  }

  private func fail(_ text: String) {
    Console.printError("\(task): \(text)")
    exitStatus = 3
    step = .over
  }

  /// Removes the task from the running jobs and continues with the next one.
  func next() {
    context.sendReports()
    releaseJob()
    commands.send(
      RedisCommand("SREM", OriginalKeys.allJobs, context.settings.allJobsMember(task: task)))
    index += 1
    if index < tasks.count, exitStatus == 0 {
      acquire()
    } else {
      step = .leaving
    }
  }
}
