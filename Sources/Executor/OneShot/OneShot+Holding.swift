import JSONValue
import JobProtocol
import Posix
import Redis

/// Claims a job, because several executors may have its message, and sends heartbeats while it has
/// the job.
extension OneShot {
  /// How long a claim of an unsigned job lasts, in milliseconds; for a signed one until its
  /// signature expires.
  static let claimMilliseconds = 7 * 86_400_000

  /// Queries whether the job was cancelled, and before its start, which executor has claimed it.
  /// The query is repeated whenever an order may have been missed.
  func queryJob() {
    guard step == .checking || step == .running else { return }
    commands.send(
      RedisCommand("SISMEMBER", RunKeys.cancelled(job: task), task), .isCancelled)
    guard step == .checking, let message else { return }
    let key = RunKeys.ran(job: task)
    let lifetime = message.expires.map { max(1000, $0 - Clock.wallMilliseconds) }
    commands.send(
      RedisCommand(
        "SET", key, context.claimMark, "NX", "PX", lifetime ?? OneShot.claimMilliseconds))
    commands.send(RedisCommand("GET", key), .claimed(job: task))
  }

  func receive(isCancelled: Bool) {
    self.isCancelled = isCancelled
    if isCancelled, step == .running { for job in loop.jobs { job.cancel() } }
  }

  func receive(owner: String) {
    guard step == .checking, let message else { return }
    guard owner == context.claimMark else { return waitForOwner(owner) }
    if isCancelled {
      let reporter = Reporter(job: task, transport: message.message.completionTransport)
      commands.send(
        reporter.finished(Ending(.cancelled), usage: JobUsage(), at: Clock.steadyMilliseconds))
      return next()
    }
    presence = Presence(
      interval: context.settings.heartbeat, since: Clock.bootMilliseconds)
    sendHeartbeat()
    begin()
  }

  /// Another executor has the job. The engine treats the exit of this process as the job's end, so
  /// wait until the other executor is gone.
  private func waitForOwner(_ owner: String) {
    step = .standingBy
    report(refusal: "\(owner.prefix { $0 != " " }) has taken it before")
    nextHeartbeat = Clock.monotonicMilliseconds + context.settings.heartbeat
  }

  func receive(isHeld: Bool) {
    if step == .standingBy, !isHeld { next() }
  }

  func report(refusal reason: String) {
    Console.printError("did not start \(task): \(reason)")
    let report = JobReport.refused(
      job: task, by: context.identity, reason: reason, at: Clock.steadyMilliseconds)
    commands.send(Reporter.entry([report], in: RunKeys.reports(job: task), mayMake: false))
  }

  /// Sends a heartbeat, or checks that of the executor that has the job.
  func sendHeartbeat() {
    nextHeartbeat = Clock.monotonicMilliseconds + context.settings.heartbeat
    guard commands.isConnected else { return }
    let key = RunKeys.alive(job: task)
    if step == .standingBy {
      return commands.send(
        RedisCommand("GET", key), .holder(job: task, isOf: ""), kept: false)
    }
    guard let presence else {
      nextHeartbeat = .max
      return
    }
    let holder = JobHolder(
      host: context.identity.host, pid: context.identity.pid, bootID: Environment.bootID)
    commands.send(
      RedisCommand("SET", key, holder.json.bytes, "PX", presence.lifetime),
      .alive(sentAt: Clock.bootMilliseconds), kept: false)
    queryRun()
  }

  /// Queries whether the run exists, because nobody else ends an executor whose run is gone.
  func queryRun() {
    guard let run = RunID(CancelledJobs.run(of: task)).map(RunKeys.init) else { return }
    commands.send(
      RedisCommand("EXISTS", run.lease, run.info, run.workflow), .runKeys, kept: false)
  }

  func receive(runKeys count: Int) {
    let isGone = knownRun.observe(exists: count > 0, now: Clock.bootMilliseconds)
    guard isGone, !context.runIsGone else { return }
    Console.printError("the run of \(task) is gone from Redis at \(commands.url): leaving")
    exitStatus = 3
    context.forgetRun(of: loop.jobs.map(\.id) + [task])
    if loop.jobs.isEmpty, step != .leaving { next() }
    for job in loop.jobs { job.cancel() }
  }

  /// Handles an acknowledged heartbeat. After an absence, the engine may have given the job up.
  func acknowledged(sentAt: Int) {
    guard presence?.acknowledged(sentAt: sentAt, now: Clock.bootMilliseconds) == true else {
      return
    }
    Console.printError("back after an absence; asking whether \(task) was given up")
    queryJob()
  }

  /// Removes the heartbeat key at once, because the result is reported.
  func releaseJob() {
    if presence != nil { commands.send(RedisCommand("DEL", RunKeys.alive(job: task))) }
    presence = nil
    message = nil
    isCancelled = false
    nextHeartbeat = .max
  }
}
