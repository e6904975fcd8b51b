import Glibc
import JSONValue
import JobProtocol
import Posix
import Redis

/// How the pool and its engine know that this worker is there, and that it goes.
extension Worker {
  /// A name that no living worker of the pool has. A name that is in use gets the process id as
  /// well.
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

  /// A worker of this name died before: what it had is lost, and its engine shall know.
  /// Those in `reported` have ended before it died.
  func loseFormerJobs(_ connection: RedisConnection, except reported: Set<String>) throws {
    let list = keys.taken(by: name)
    let messages = try connection.call(RedisCommand("LRANGE", list, 0, -1)).array ?? []
    for bytes in messages.compactMap(\.bytes) {
      if let message = try? JobMessage(parsing: bytes), let id = message.taskID {
        if !reported.contains(id) {
          let reporter = Reporter(job: id, transport: message.completionTransport)
          let ending = Ending(.lost("worker \(name) was started anew"))
          commands.send(reporter.finished(ending, usage: JobUsage(), at: Clock.steadyMilliseconds))
        }
        // What is on its way out of the list is not started by who finds it there.
        release(bytes, of: id)
      } else {
        commands.send(RedisCommand("LREM", list, 1, bytes))
      }
    }
  }

  func register() {
    commands.send(RedisCommand("SADD", keys.workers, name))
    beat()
  }

  /// Not repeated after a loss of the connection: the next one follows soon.
  func beat() {
    guard commands.isConnected, hasName else { return }
    let health = self.health
    commands.send(
      Self.sign(of: health, at: keys.alive(name), lifetime: presence.lifetime, run: poolRun),
      .alive(sentAt: Clock.sleeplessMilliseconds), kept: false)
    commands.send(RedisCommand("LLEN", keys.taken(by: name)), .takenCount, kept: false)
  }

  /// Sets the key; returns what it had, and for a run's own pool whether the run is there. Its
  /// engine, where there is one, is told as well: for nobody, reports would pile up, or bring a
  /// stream back that was deleted with its run.
  private static func sign(
    of health: WorkerHealth, at key: String, lifetime: Int, run: RunKeys?
  ) -> RedisCommand {
    guard let run else {
      return RedisCommand("SET", key, health.json.bytes, "PX", lifetime, "GET")
    }
    let script = """
      if redis.call('EXISTS', KEYS[2]) == 1 then
        redis.call('XADD', KEYS[3], '*', unpack(ARGV, 3))
      end
      local former = redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2], 'GET')
      return {redis.call('EXISTS', KEYS[2], KEYS[4], KEYS[5]), former}
      """
    var parts: [any RedisArgument] = [
      "EVAL", script, 5, key, run.lease, run.reports, run.info, run.workflow,
    ]
    parts += [health.json.bytes, lifetime]
    for (name, value) in JobReport.heartbeat(health, at: health.time).fields {
      parts += [name, value]
    }
    return RedisCommand(parts)
  }

  /// Why no job comes, or no order, although Redis hears us.
  private var trouble: String {
    let now = Clock.monotonicMilliseconds
    return [takes, orders].compactMap { $0.trouble(beside: commands, now: now) }.first ?? ""
  }

  private var health: WorkerHealth {
    let host = HostLoad.now()
    return WorkerHealth(
      executor: workshop.identity, slots: slots, busy: busy, loadPercent: host.loadPercent,
      memoryUsed: host.memoryUsed, memoryTotal: host.memoryTotal, isDraining: phase != .serving,
      trouble: trouble, time: Clock.steadyMilliseconds)
  }

  /// The key is there for another lifetime.
  func acknowledged(_ reply: RedisValue, sentAt: Int) {
    if let count = reply.array?.first?.integer,
      knownRun.observe(isThere: count > 0, now: Clock.sleeplessMilliseconds)
    {
      return leaveGoneRun()
    }
    let former = poolRun == nil ? reply : reply.array?.last ?? .null
    guard presence.acknowledged(sentAt: sentAt, now: Clock.sleeplessMilliseconds) else { return }
    let other = former.bytes.flatMap(WorkerHealth.init(parsing:))?.executor
    if let other, other != workshop.identity { return makeRoom(for: other) }
    comeBack()
  }

  /// Nobody will ask for these jobs again, and nobody else can end them.
  private func leaveGoneRun() {
    guard !workshop.runIsGone else { return }
    Console.say(
      "run \(options.pool) is gone from Redis at \(options.url): ending its jobs and leaving")
    workshop.forgetRun(of: loop.jobs.map(\.id) + [options.pool])
    exitStatus = 3
    phase = .stopping(SIGTERM)
    stopAsking()
    for job in loop.jobs { job.cancel() }
  }

  /// After an absence: what runs here may have been given up, what was taken here may be another's.
  private func comeBack() {
    Console.say("back after an absence; asking which jobs were given up")
    // Who gave up what was here has struck us out, too.
    commands.send(RedisCommand("SADD", keys.workers, name))
    askForCancelledOfAll()
    lookForLeftovers()
  }

  private func askForCancelledOfAll() {
    cancelled.forget()
    let jobs = loop.jobs.map(\.id) + held.map(\.id)
    for run in Set(jobs.map(CancelledJobs.run)) { askForCancelled(ofRun: run) }
  }

  var lastWords: [RedisCommand] {
    var words = [
      RedisCommand("SREM", keys.workers, name), RedisCommand("DEL", keys.alive(name)),
    ]
    if let stream = poolRun?.reports {
      let report = JobReport.gone(worker: name, at: Clock.steadyMilliseconds)
      words.append(Reporter.entry(report, in: stream, mayMake: false))
    }
    return words
  }

  /// The pool of a single run bears its id.
  private var poolRun: RunKeys? { RunID(options.pool).map(RunKeys.init) }

  func resubscribe() {
    orders.subscribe(keys.orders)
    // Orders may have passed meanwhile.
    askForCancelledOfAll()
    askForPoolSlots()
  }

  private func askForPoolSlots() {
    poolSlotsQuestion = .asked
    commands.send(RedisCommand("GET", keys.slots), .poolSlots)
  }

  func askForCancelled(ofRun run: String) {
    commands.send(
      RedisCommand("SMEMBERS", RunKeys.cancelled(job: run)), .cancelledJobs(run: run))
  }

  /// A delivery of the subscription: `message`, channel, text.
  func obey(_ delivery: RedisValue) {
    guard let parts = delivery.array, parts.count == 3, parts[0].string == "message",
      let text = parts[2].string,
      let order = gate.order(text, channel: keys.orders, now: Clock.wallMilliseconds)
    else { return }
    switch order {
    case .cancel(let id):
      cancelled.add(id)
      for job in loop.jobs where job.id == id { job.cancel() }
    case .drain(let worker):
      guard ExecutorOrder.addresses(worker, name: name), phase == .serving else { return }
      phase = .draining
      stopAsking()
      beat()
    case .slots(let worker, let count):
      guard ExecutorOrder.addresses(worker, name: name) else { return }
      if worker == ExecutorOrder.everyWorker { poolSlots = count }
      if poolSlotsQuestion == .asked { poolSlotsQuestion = .overtaken }
      change(slots: count)
    }
  }

  /// The answer and orders come over two connections: an answer that an order has overtaken may be
  /// older than that order, so the question is asked again.
  func answered(poolSlots reply: RedisValue) {
    if poolSlotsQuestion == .overtaken { return askForPoolSlots() }
    poolSlotsQuestion = .none
    take(poolSlots: reply)
  }

  /// The pool's number counts when it has changed: an order to this worker alone was given since.
  func take(poolSlots reply: RedisValue) {
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
      return Console.say("its number of slots stays \(slots): \(error)")
    }
    slots = count
    if busy >= slots { stopAsking() } else { ask() }
    beat()
  }
}
