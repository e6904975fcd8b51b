import Engine
import Glibc
import JobProtocol
import Logging
import Posix
import Redis
import Signing
import Synchronization

/// Jobs go to a queue from which long-lived workers take them; one local worker belongs to the run,
/// others may come from anywhere.
///
/// A submission is one LPUSH of the message, so there is nothing to launch. Messages of jobs that
/// nobody has taken are kept: a queued job is taken back by taking its very message out of the
/// queue (`PoolQueue`). While the run is paused the queue lies aside, under another name.
actor PoolInvoker: WorkerPool {
  nonisolated let name = "pool"
  let run: RunID
  let keys: PoolKeys
  private let lease: LeasedRedis
  var redis: RedisClient { lease.redis }
  let host: HostLoop
  let log: Logger
  private let slots: Int
  private let directory: FollowedDirectory
  private let runDirectory: RunDirectory
  /// What the worker has to say goes here.
  var logFile: String { runDirectory.workerLog }
  /// Where the worker keeps ends that it cannot report.
  private var stateDirectory: String { runDirectory.unreportedEnds }
  private let orders: OrderPublisher
  private let keyFile: String?
  private var queue: PoolQueue
  private(set) var waiting: [JobID: [UInt8]] = [:]
  /// How many those are.
  private nonisolated let waitingCount = Atomic<Int>(0)
  var worker: Child?
  private let tell: @Sendable (InvokerNews) -> Void
  /// Whoever waits for the end of the worker.
  private var farewells: [CheckedContinuation<Void, Never>] = []
  /// The worker that was killed for giving no sign of life.
  private var hung: Child?
  private var isStopping = false
  private var restarts = 0
  private var words: LastWords?
  private var lastNotice = ""

  /// A worker that dies so often, without having ended a job, has a reason that does not go away.
  private static let restartLimit = 5

  init(
    run: RunID, slots: Int, signingKey: SigningKey?, directory: FollowedDirectory,
    runDirectory: RunDirectory, keyFile: String?, lease: LeasedRedis, host: HostLoop, log: Logger,
    tell: @escaping @Sendable (InvokerNews) -> Void
  ) {
    self.run = run
    keys = PoolKeys(run.text)
    self.slots = slots
    self.directory = directory
    self.runDirectory = runDirectory
    self.keyFile = keyFile
    self.lease = lease
    self.host = host
    self.log = log
    self.tell = tell
    queue = PoolQueue(keys, lease)
    orders = OrderPublisher(channel: keys.orders, key: signingKey, redis: lease)
  }

  nonisolated func submission(of jobs: [Job]) -> [RedisCommand] {
    guard !jobs.isEmpty else { return [] }
    return [RedisCommand(["LPUSH", keys.queue] + jobs.map(\.message))]
  }

  func submit(_ jobs: [Job]) -> InvokerNews {
    for job in jobs { waits(job.id, job.message) }
    return InvokerNews()
  }

  /// The message of a job lies in the queue.
  func waits(_ job: JobID, _ message: [UInt8]) {
    waiting[job] = message
    waitingCount.store(waiting.count, ordering: .relaxed)
  }

  private func waitsNoMore(_ jobs: [JobID]) {
    for job in jobs { waiting[job] = nil }
    waitingCount.store(waiting.count, ordering: .relaxed)
  }

  func taken(_ jobs: [JobID]) { waitsNoMore(jobs) }

  func ended(_ jobs: [JobID]) -> InvokerNews {
    restarts = 0
    waitsNoMore(jobs)
    return InvokerNews()
  }

  nonisolated var jobsAhead: Int { waitingCount.load(ordering: .relaxed) }

  func withdraw(_ jobs: [JobID]) async throws(InvokerError) -> InvokerNews {
    let (withdrawn, kept) = try await takeBack(jobs)
    return InvokerNews(withdrawn: withdrawn, kept: kept)
  }

  /// Both in their order.
  private func takeBack(
    _ jobs: [JobID]
  ) async throws(InvokerError) -> (withdrawn: [JobID], kept: [JobID]) {
    var queued: [JobID] = []
    var messages: [QueuedMessage] = []
    var kept: [JobID] = []
    for job in jobs {
      if let message = waiting[job] {
        queued.append(job)
        messages.append(QueuedMessage(message))
      } else {
        kept.append(job)
      }
    }
    let wanted = messages
    let found = try await queue { (queue) async throws(RedisError) in
      try await queue.remove(wanted)
    }
    var withdrawn: [JobID] = []
    for (job, isFound) in zip(queued, found) {
      if isFound { withdrawn.append(job) } else { kept.append(job) }
    }
    waitsNoMore(withdrawn)
    return (withdrawn, kept)
  }

  private func queue<Value: Sendable>(
    _ body: (inout PoolQueue) async throws(RedisError) -> Value
  ) async throws(InvokerError) -> Value {
    var queue = queue
    defer { self.queue = queue }
    return try await InvokerError.redis { () async throws(RedisError) in try await body(&queue) }
  }

  func cancel(_ jobs: [JobID]) async throws(InvokerError) -> InvokerNews {
    let (withdrawn, others) = try await takeBack(jobs)
    do throws(RedisError) {
      try await orders.cancel(others)
    } catch {
      // Those that are out of the queue must not be forgotten for it.
      tell(InvokerNews(withdrawn: withdrawn))
      throw InvokerError(error)
    }
    return InvokerNews(withdrawn: withdrawn)
  }

  func pause(_ on: Bool) async throws(InvokerError) -> InvokerNews {
    try await queue { (queue) async throws(RedisError) in try await queue.pause(on) }
    return InvokerNews()
  }

  func setSlots(_ count: Int) async throws(InvokerError) -> InvokerNews {
    try await InvokerError.redis { () async throws(RedisError) in
      try await orders.send(slots: count, key: keys.slots)
    }
    return InvokerNews()
  }

  func drain(_ worker: String) async throws(InvokerError) {
    try await InvokerError.redis { () async throws(RedisError) in
      try await orders.send(.drain(worker: worker))
    }
  }

  func start() async throws(InvokerError) {
    var request = try ExecutorProgram.request()
    request.arguments += ["--worker", "--pool", keys.pool, "--slots", "\(slots)"]
    if let keyFile { request.arguments += ["--signing-key-file", keyFile] }
    request.directory = directory.path
    // Nothing that happens to our terminal or to us happens to it: its jobs survive us.
    request.group = .session
    var environment = Environment.all
    environment["HFLOW_REDIS_URL"] = redis.url.text
    environment[ExecutorPlaces.variable] = stateDirectory
    request.environment = environment
    do {
      let output = Descriptor(owning: try Files.openForAppending(logFile, mode: 0o600))
      request.standardOutput = .descriptor(output.number)
      request.standardError = .descriptor(output.number)
      words = LastWords(in: logFile)
      let child = try Child.spawn(request)
      await own(child)
    } catch {
      throw InvokerError(
        "cannot start the local worker: \(error); is hflow-job-execute beside hflow-tui?",
        isForGood: true)
    }
  }

  /// The worker is ours to watch and to end; whoever takes the run over finds it by this.
  func own(_ child: Child) async {
    worker = child
    host.watch(child) { status in Task { await self.hasEnded(child, status) } }
    guard let identity = ProcessIdentity(of: Int(child.pid)) else { return }
    // Under the lease: otherwise this would bring a run back that its Redis has lost.
    try? await lease.perform([
      RedisCommand("HSET", RunKeys(run).info, "worker", "\(Environment.hostName) \(identity.text)")
    ])
  }

  private func hasEnded(_ child: Child, _ status: ExitStatus) async {
    guard child == worker else { return }
    worker = nil
    guard !isStopping else {
      for farewell in farewells { farewell.resume() }
      farewells = []
      return
    }
    tell(await replace(child, status))
  }

  /// What became of the jobs of a worker that has ended; another one is started.
  private func replace(_ child: Child, _ status: ExitStatus) async -> InvokerNews {
    let reason = reason(of: status)
    log.warning("the local worker \(reason)")
    var news = InvokerNews()
    do throws(RedisError) {
      for name in Self.names(of: child) {
        news = news + (try await jobs(of: name, lost: "its worker \(status.text)"))
      }
    } catch {
      log.error("cannot tell which jobs the worker had: \(error)")
    }
    news.endedWorkers = [.init(names: Self.names(of: child), reason: "it \(status.text)")]
    restarts += 1
    guard restarts <= Self.restartLimit else {
      news.failure = RunnerError(
        .executors,
        "the local worker ended \(restarts) times in a row, the last time it \(reason); see "
          + "\(logFile); fix that, then resume with: hflow-tui resume \(run.short)")
      return news
    }
    let notice = "the local worker \(reason); another one is started"
    if notice != lastNotice { news.notices.append(notice) }
    lastNotice = notice
    // The run may have been closed while Redis was asked.
    if isStopping { return news }
    do throws(InvokerError) {
      try await start()
    } catch {
      news.failure = RunnerError(.executors, "\(error)")
    }
    return news
  }

  /// The names that a worker gives itself: the second where the first is still another's, as in a
  /// container that is started anew with the same process ids.
  private static func names(of child: Child) -> [String] {
    let name = "\(Environment.hostName)-\(child.pid)"
    return [name, "\(name)-\(child.pid)"]
  }

  /// How the worker ended, and what it said of it.
  private func reason(of status: ExitStatus) -> String {
    let said = words?.text ?? ""
    guard case .exited(let code) = status, code != 0, !said.isEmpty else { return status.text }
    return "\(status.text): \(said)"
  }

  func silent(_ worker: String) async throws(InvokerError) -> InvokerNews? {
    try await InvokerError.redis { () async throws(RedisError) in try await askAfter(worker) }
  }

  private func askAfter(_ worker: String) async throws(RedisError) -> InvokerNews? {
    let isAlive = try await redis.call(
      RedisCommand("EXISTS", keys.alive(worker)), retry: .always)
    if isAlive.integer == 1 { return nil }
    // Its jobs end with it, and another one is started: what may still run is not given up.
    if let child = self.worker, Self.names(of: child).contains(worker), hung != child {
      log.warning("the local worker gives no sign of life, and is killed")
      hung = child
      child.send(SIGKILL)
      return nil
    }
    var news = try await jobs(of: worker, lost: "its worker gives no sign of life")
    // It may come back between our look at its list and the commit, and start one of them.
    for place in news.ended.indices {
      news.ended[place].cleanUp.append(
        orders.command(for: .cancel(job: "\(news.ended[place].job)")))
    }
    return news
  }

  func stop() async {
    isStopping = true
    guard let worker else { return }
    worker.send(SIGTERM)
    await withCheckedContinuation { farewells.append($0) }
  }
}
