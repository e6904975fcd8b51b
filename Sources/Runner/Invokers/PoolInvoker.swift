import Engine
import Glibc
import JobProtocol
import Logging
import Posix
import Redis

/// Jobs go to a queue from which long-lived workers take them; one local worker belongs to the run.
///
/// A submission is one LPUSH of the message, so there is nothing to launch. Messages of jobs that
/// nobody has taken are kept: a queued job is cancelled by taking its very message out of the
/// queue.
actor PoolInvoker: JobInvoker {
  nonisolated let name = "pool"
  nonisolated let slots: Int
  private let keys: PoolKeys
  private let redis: RedisClient
  private let directory: String
  /// What the worker has to say goes here.
  private let logFile: String
  private let host: HostLoop
  private let log: Logger
  private var waiting: [JobID: [UInt8]] = [:]
  private var worker: Child?
  private var isStopping = false
  private var restarts = 0

  /// A worker that dies so often has a reason that does not go away.
  private static let restartLimit = 5

  init(
    pool: String, slots: Int, directory: String, logFile: String, redis: RedisClient,
    host: HostLoop, log: Logger
  ) {
    keys = PoolKeys(pool)
    self.slots = slots
    self.directory = directory
    self.logFile = logFile
    self.redis = redis
    self.host = host
    self.log = log
  }

  nonisolated func submission(of jobs: [Job]) -> [RedisCommand] {
    guard !jobs.isEmpty else { return [] }
    return [RedisCommand(["LPUSH", keys.queue] + jobs.map(\.message))]
  }

  func launch(_ jobs: [Job]) -> InvokerNews {
    for job in jobs { waiting[job.id] = job.message }
    return InvokerNews()
  }

  func taken(_ jobs: [JobID]) {
    for job in jobs { waiting[job] = nil }
  }

  func ended(_ jobs: [JobID]) -> InvokerNews {
    taken(jobs)
    return InvokerNews()
  }

  func cancel(_ job: JobID) async throws(RedisError) -> Bool {
    if let message = waiting[job] {
      let removed = try await redis.call(
        RedisCommand("LREM", keys.queue, 1, message), retry: .always)
      if removed.integer == 1 {
        waiting[job] = nil
        return false
      }
    }
    _ = try await redis.run(
      [
        RedisCommand("SADD", RunKeys.cancelled(job: "\(job)"), "\(job)"),
        RedisCommand("PUBLISH", keys.orders, ExecutorOrder.cancel(job: "\(job)").text),
      ], retry: .always)
    return true
  }

  func start() throws(RunnerError) {
    var request = try ExecutorProgram.request()
    request.arguments += ["--worker", "--pool", keys.pool, "--slots", "\(slots)"]
    request.directory = directory
    var environment = Environment.all
    environment["HFLOW_REDIS_URL"] = redis.url.text
    request.environment = environment
    do {
      let output = Descriptor(owning: try Files.openForAppending(logFile, mode: 0o600))
      request.standardOutput = .descriptor(output.number)
      request.standardError = .descriptor(output.number)
      let child = try Child.spawn(request)
      worker = child
      host.watch(child)
    } catch {
      throw RunnerError(
        .infrastructure,
        "cannot start the local worker: \(error); is hflow-job-execute beside hflow-tui?")
    }
  }

  func childEnded(_ child: Child, _ status: ExitStatus) async -> InvokerNews? {
    guard child == worker else { return nil }
    worker = nil
    if isStopping { return InvokerNews() }
    log.warning("the local worker ended: \(status)")
    let lost = await jobsTaken(by: child, status)
    restarts += 1
    if restarts <= Self.restartLimit {
      do { try start() } catch { log.error("\(error)") }
    } else {
      log.error("the local worker ended \(restarts) times; not started again")
    }
    return InvokerNews(lost: lost)
  }

  /// The dead worker's list names what it had; the next worker must not find it there.
  private func jobsTaken(by child: Child, _ status: ExitStatus) async
    -> [InvokerNews.Lost]
  {
    let list = keys.taken(by: "\(Environment.hostName)-\(child.pid)")
    let replies = try? await redis.run(
      [RedisCommand("LRANGE", list, 0, -1), RedisCommand("DEL", list)], retry: .always)
    return (replies?.first?.array ?? []).compactMap { value in
      guard let bytes = value.bytes, let message = try? JobMessage(parsing: bytes),
        let job = message.taskID.flatMap(JobID.init(parsing:))
      else { return nil }
      return InvokerNews.Lost(job: job, reason: "its worker \(status.text)")
    }
  }

  func stop() {
    isStopping = true
    worker?.send(SIGTERM)
  }
}

extension ExitStatus {
  /// `exited with 3`, `was killed by signal 9 (KILL)`
  var text: String {
    switch self {
    case .exited(let code): "exited with \(code)"
    case .signalled(let number): "was killed by signal \(UnixSignalName.text(number))"
    }
  }
}
