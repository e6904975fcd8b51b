import Glibc
import JobProtocol
import Posix
import Redis

/// How the pool and its engine know that this worker is there, and that it goes.
extension Worker {
  /// A name that no living worker of the pool has. A name that is in use gets the process id as
  /// well.
  static func claim(
    _ wanted: String?, keys: PoolKeys, _ connection: RedisConnection
  ) throws -> String {
    let own = "\(Environment.hostName)-\(getpid())"
    for name in [wanted ?? own, "\(wanted ?? own)-\(getpid())"] {
      let reply = try connection.call(
        RedisCommand("SET", keys.alive(name), own, "NX", "PX", aliveMilliseconds))
      if !reply.isNull { return name }
    }
    throw RedisError(.server, "another worker has the name \(wanted ?? own)")
  }

  /// A worker of this name died before: what it had is lost, and its engine shall know.
  func loseFormerJobs(_ connection: RedisConnection) throws {
    let list = keys.taken(by: name)
    let messages = try connection.call(RedisCommand("LRANGE", list, 0, -1)).array ?? []
    for bytes in messages.compactMap(\.bytes) {
      if let message = try? JobMessage(parsing: bytes), let id = message.taskID {
        let reporter = Reporter(job: id, transport: message.completionTransport)
        let ending = Ending(.lost("worker \(name) was started anew"))
        commands.send(reporter.finished(ending, usage: JobUsage(), at: Clock.wallMilliseconds))
      }
      commands.send(RedisCommand("LREM", list, 1, bytes))
    }
  }

  func register() {
    commands.send(RedisCommand("SADD", keys.workers, name))
    beat()
  }

  /// Not repeated after a loss of the connection: the next one follows soon.
  func beat() {
    guard commands.isConnected else { return }
    commands.send(
      RedisCommand(
        "SET", keys.alive(name), workshop.identity.pid, "PX", Worker.aliveMilliseconds),
      kept: false)
    guard let stream = reportsStream else { return }
    let health = WorkerHealth(
      executor: workshop.identity, slots: options.slots, busy: busy, loadPercent: loadPercent)
    commands.send(
      Reporter.entry(.heartbeat(health, at: Clock.wallMilliseconds), in: stream), kept: false)
  }

  var lastWords: [RedisCommand] {
    var words = [
      RedisCommand("SREM", keys.workers, name), RedisCommand("DEL", keys.alive(name)),
    ]
    if let stream = reportsStream {
      words.append(Reporter.entry(.gone(worker: name, at: Clock.wallMilliseconds), in: stream))
    }
    return words
  }

  /// The pool of a single run bears its id.
  private var reportsStream: String? { RunID(options.pool).map { RunKeys($0).reports } }

  private var loadPercent: Int {
    var load = [0.0]
    return getloadavg(&load, 1) == 1 ? Int(load[0] * 100) : 0
  }

  func resubscribe() {
    orders.subscribe(keys.orders)
    // Orders may have passed meanwhile.
    cancelled.forget()
    for run in Set(loop.jobs.map { CancelledJobs.run(of: $0.id) }) { askForCancelled(ofRun: run) }
  }

  func askForCancelled(ofRun run: String) {
    commands.send(
      RedisCommand("SMEMBERS", RunKeys.cancelled(job: run)), .cancelledJobs(run: run))
  }

  /// A delivery of the subscription: `message`, channel, text.
  func obey(_ delivery: RedisValue) {
    guard let parts = delivery.array, parts.count == 3, parts[0].string == "message",
      let order = parts[2].string.flatMap(ExecutorOrder.init(text:))
    else { return }
    switch order {
    case .cancel(let id):
      cancelled.add(id)
      for job in loop.jobs where job.id == id { job.cancel() }
    case .drain(let worker):
      guard ExecutorOrder.addresses(worker, name: name), phase == .serving else { return }
      phase = .draining
      stopAsking()
    case .slots: break
    }
  }
}
