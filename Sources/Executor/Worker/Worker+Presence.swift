import Glibc
import JSONValue
import JobProtocol
import Posix
import Redis

/// Registers this worker in its pool, sends heartbeats, and handles orders.
extension Worker {
  /// A name that no living worker of the pool has; the process id is appended to a used one.
  static func claim(
    _ wanted: String?, keys: PoolKeys, _ connection: RedisConnection, milliseconds: Int
  ) throws -> String {
    let host = Environment.hostName
    let own = "\(host)-\(getpid())"
    for name in [wanted ?? own, "\(wanted ?? own)-\(getpid())"] {
      let identity = ExecutorIdentity(name: name, host: host, pid: Int(getpid()))
      let health = WorkerHealth(
        executor: identity, slots: 0, busy: 0, loadPercent: 0, time: Clock.steadyMilliseconds)
      let reply = try connection.call(
        RedisCommand("SET", keys.alive(name), health.json.bytes, "NX", "PX", milliseconds))
      if !reply.isNull { return name }
    }
    throw RedisError(.server, "another worker has the name \(wanted ?? own)")
  }

  /// A worker of this name has died: its jobs are lost, and the engine must know. Those in
  /// `reported` had ended before.
  func reportFormerJobsLost(_ connection: RedisConnection, except reported: Set<String>) throws {
    let list = keys.taken(by: name)
    let messages = try connection.call(RedisCommand("LRANGE", list, 0, -1)).array ?? []
    for bytes in messages.compactMap(\.bytes) {
      if let message = try? JobMessage(parsing: bytes), let id = message.taskID {
        if !reported.contains(id) {
          let reporter = Reporter(job: id, transport: message.completionTransport)
          let ending = Ending(.lost("worker \(name) was restarted"))
          commands.send(reporter.finished(ending, usage: JobUsage(), at: Clock.steadyMilliseconds))
        }
        // A job that is being removed from the list is not started from there.
        release(bytes, of: id)
      } else {
        commands.send(RedisCommand("LREM", list, 1, bytes))
      }
    }
  }

  func register() { sendHeartbeat() }

  /// Sends a heartbeat. It is not repeated after a reconnect, because the next one follows soon.
  func sendHeartbeat() {
    guard commands.isConnected, hasName else { return }
    let health = self.health
    // Repeated, because an engine that gave this worker up may remove it from the set after the
    // worker came back.
    commands.send(RedisCommand("SADD", keys.workers, name), kept: false)
    commands.send(
      Self.heartbeatCommand(
        of: health, at: keys.alive(name), lifetime: presence.lifetime, run: poolRun),
      .alive(sentAt: Clock.bootMilliseconds), kept: false)
    commands.send(RedisCommand("LLEN", keys.taken(by: name)), .takenCount, kept: false)
  }

  /// Sets the heartbeat key and returns its old value, and for a run's own pool whether the
  /// run exists. Also sends a report, if the run has an engine: without one, reports would
  /// pile up or recreate a deleted stream.
  private static func heartbeatCommand(
    of health: WorkerHealth, at key: String, lifetime: Int, run: RunKeys?
  ) -> RedisCommand {
    guard let run else {
      return RedisCommand("SET", key, health.json.bytes, "PX", lifetime, "GET")
    }
    // A worker's Redis user may only read the keys that are arguments. The lease, the run and its
    // workflow are `keysOfLiveRun`; a run without an engine has no lease.
    let script = """
      if redis.call('EXISTS', ARGV[3]) == 1 then
        redis.call('XADD', KEYS[2], '*', unpack(ARGV, 6))
      end
      local former = redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2], 'GET')
      return {redis.call('EXISTS', ARGV[3], ARGV[4], ARGV[5]), former}
      """
    var parts: [any RedisArgument] = ["EVAL", script, 2, key, run.reports]
    parts += [health.json.bytes, lifetime, run.lease, run.info, run.workflow]
    for (name, value) in JobReport.heartbeat(health, at: health.time).fields {
      parts += [name, value]
    }
    return RedisCommand(parts)
  }

  private static let keysOfLiveRun = 3

  /// Leaves a run without an engine whose directory was deleted, and ends its Redis: nobody finds
  /// them any more.
  private func exitAfterDeletedDirectory() {
    Console.printError("the directory of run \(options.pool) was deleted: leaving")
    exitStatus = 3
    phase = .over
    endsServer = true
  }

  /// Why no jobs or orders arrive although Redis answers; empty if they do.
  private var problem: String {
    let now = Clock.monotonicMilliseconds
    return [takes, orders].compactMap { $0.problem(beside: commands, now: now) }.first ?? ""
  }

  private var health: WorkerHealth {
    let host = HostLoad.now()
    var health = WorkerHealth(
      executor: context.identity, slots: slots, busy: busy, loadPercent: host.loadPercent,
      memoryUsed: host.memoryUsed, memoryTotal: host.memoryTotal, isDraining: phase != .serving,
      problem: problem, time: Clock.steadyMilliseconds)
    health.bookedSlots = bookings.extraSlots > 0 ? usedSlots : 0
    health.bookedMemory = bookings.bookedMemory / 1024
    return health
  }

  /// Handles the reply to a heartbeat.
  func acknowledged(_ reply: RedisValue, sentAt: Int) {
    if let count = reply.array?.first?.integer {
      let now = Clock.bootMilliseconds
      if knownRun.observe(exists: count > 0, now: now) { return exitAfterLostRun() }
      let isNeeded = count == Self.keysOfLiveRun || !isIdle || context.ends.runIsOnDisk
      if runDirectory.observe(exists: isNeeded, now: now) { return exitAfterDeletedDirectory() }
    }
    let former = poolRun == nil ? reply : reply.array?.last ?? .null
    guard presence.acknowledged(sentAt: sentAt, now: Clock.bootMilliseconds) else { return }
    let other = former.bytes.flatMap(WorkerHealth.init(parsing:))?.executor
    if let other, other != context.identity { return exitForSameName(other) }
    recoverFromAbsence()
  }

  /// Cancels all jobs and leaves: nobody needs the jobs of a deleted run, and nobody else can end
  /// them.
  private func exitAfterLostRun() {
    guard !context.runIsGone else { return }
    Console.printError(
      "run \(options.pool) is gone from Redis at \(options.url): ending its jobs and leaving")
    context.forgetRun(of: loop.jobs.map(\.id) + [options.pool])
    exitStatus = 3
    phase = .stopping(SIGTERM)
    stopRequesting()
    for job in loop.jobs { job.cancel() }
  }

  /// After an absence, jobs may have been given up, and taken jobs may belong to another
  /// worker.
  private func recoverFromAbsence() {
    Console.printError("back after an absence; asking which jobs were given up")
    // The engine that gave up the jobs has also removed the worker from the set.
    commands.send(RedisCommand("SADD", keys.workers, name))
    queryCancelledOfAllRuns()
    recoverWhenFree()
  }

  private func queryCancelledOfAllRuns() {
    cancelled.forget()
    let jobs = loop.jobs.map(\.id) + held.map(\.id) + (next.map { [$0.id] } ?? [])
    for run in Set(jobs.map(CancelledJobs.run)) { queryCancelled(ofRun: run) }
  }

  var leaveCommands: [RedisCommand] {
    var words = [
      RedisCommand("SREM", keys.workers, name), RedisCommand("DEL", keys.alive(name)),
    ]
    if let stream = poolRun?.reports {
      let report = JobReport.gone(worker: name, at: Clock.steadyMilliseconds)
      words.append(Reporter.entry([report], in: stream, mayMake: false))
    }
    return words
  }

  /// The run of the pool; the pool of a single run has the run's id.
  private var poolRun: RunKeys? { RunID(options.pool).map(RunKeys.init) }

  func resubscribe() {
    orders.subscribe(keys.orders)
    // Orders may have been missed meanwhile.
    queryCancelledOfAllRuns()
    queryPoolSlots()
  }

  private func queryPoolSlots() {
    poolSlotsQuestion = .asked
    commands.send(RedisCommand("GET", keys.slots), .poolSlots)
  }

  func queryCancelled(ofRun run: String) {
    commands.send(
      RedisCommand("SMEMBERS", RunKeys.cancelled(job: run)), .cancelledJobs(run: run))
  }

  /// A delivery of the subscription: `message`, channel, text.
  func receiveOrder(_ delivery: RedisValue) {
    guard let parts = delivery.array, parts.count == 3, parts[0].string == "message",
      let text = parts[2].string,
      let order = gate.order(text, channel: keys.orders, now: Clock.wallMilliseconds)
    else { return }
    switch order {
    case .cancel(let id):
      cancelled.add(id)
      for job in loop.jobs where job.id == id { job.cancel() }
      cancelNext()
    case .drain(let worker):
      guard ExecutorOrder.addresses(worker, name: name) else { return }
      drain()
    case .slots(let worker, let count):
      guard ExecutorOrder.addresses(worker, name: name) else { return }
      if worker == ExecutorOrder.everyWorker { poolSlots = count }
      if poolSlotsQuestion == .asked { poolSlotsQuestion = .overtaken }
      change(slots: count)
    }
  }

  /// Answers and orders come over two connections, so an answer may be older than an order;
  /// then the query is repeated.
  func answered(poolSlots reply: RedisValue) {
    if poolSlotsQuestion == .overtaken { return queryPoolSlots() }
    poolSlotsQuestion = .none
    apply(poolSlots: reply)
  }

  /// The pool's number counts only if it has changed, because this worker may have had an
  /// order of its own since.
  func apply(poolSlots reply: RedisValue) {
    let number = reply.integer.flatMap { ExecutorOrder.slotRange.contains($0) ? $0 : nil }
    guard let number, number != poolSlots else { return }
    poolSlots = number
    change(slots: number)
  }

  private func change(slots count: Int) {
    guard count != slots else { return }
    do {
      try DescriptorLimit.allow(slots: count)
    } catch {
      return Console.printError("its number of slots stays \(slots): \(error)")
    }
    slots = count
    startNext()
    if usedSlots >= slots { stopRequesting() } else { requestJobs() }
    sendHeartbeat()
  }
}
