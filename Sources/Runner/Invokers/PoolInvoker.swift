import Engine
import Glibc
import JobProtocol
import Logging
import Posix
import Redis
import Runs
import Signing
import Sites
import Synchronization

/// Puts jobs into queues from which long-lived workers take them. Usually one local worker belongs
/// to the run; sites start others, and more may join from anywhere.
///
/// All workers are one pool. Sites to which tasks are routed have a queue of their own (`Routing`).
///
/// A submission is one LPUSH of the message, so there is nothing to launch. The messages of jobs
/// that nobody has taken are kept, because a queued job is withdrawn by removing its exact message
/// from the queue (`PoolQueue`). While the run is paused, the queue has another name.
actor PoolInvoker: WorkerPool {
  nonisolated let name = "pool"
  let run: RunID
  let keys: PoolKeys
  let lease: LeasedRedis
  var redis: RedisClient { lease.redis }
  let host: HostLoop
  let log: Logger
  /// The options of the local worker: its slots, its tool for containers.
  private let workerOptions: [String]
  private let directory: FollowedDirectory
  private let runDirectory: RunDirectory
  /// The file for the worker's own output.
  var logFile: String { runDirectory.workerLog }
  /// The directory where the worker keeps ends that it cannot report.
  private var stateDirectory: String { runDirectory.unreportedEnds }
  private let orders: OrderPublisher
  private let keyFile: String?
  private let routing: Routing
  private nonisolated let capacities: [WorkerCapacity]
  /// The number of slots that a user has set for all workers; 0 if none.
  private nonisolated let chosenSlots = Atomic<Int>(0)
  /// The queue of the jobs without a site first.
  let queueNames: [String?]
  private var queues: [PoolQueue]
  /// The messages of jobs that nobody has taken. An attempt is a third of a job's id, and all jobs
  /// are of this run.
  private var waiting: [AttemptID: [UInt8]] = [:]
  /// The number of `waiting` jobs of each queue.
  private var waitingCounts: [Int]
  /// The number of `waiting` jobs, for callers outside the actor.
  private nonisolated let waitingCount = Atomic<Int>(0)
  /// Whether a worker on this host belongs to the run, and its queue.
  private let localWorker: (isWanted: Bool, queue: String?)
  let sites: [any WorkerSite]
  nonisolated let siteNames: [String]
  /// The queue of each site.
  let siteQueues: [String?]
  /// What the journal says about the places of sites.
  var formerAllocations: [Allocation] = []
  var worker: Child?
  let deliver: @Sendable (InvokerNews) -> Void
  /// The calls of `stop` that wait for the worker to exit.
  private var exitWaiters: [CheckedContinuation<Void, Never>] = []
  /// The worker that was killed because its heartbeat was overdue.
  private var killedForSilence: Child?
  private(set) var isStopping = false
  let siteNews: AsyncStream<SiteNews>
  /// The names of the workers that sites have brought.
  var siteWorkers: Set<String> = []
  /// Passes on the news of sites, and sends them the number of waiting jobs.
  var siteTask: Task<Void, Never>?
  private var restarts = 0
  private var lastLine: LastLogLine?
  private var lastNotice = ""

  /// If a worker dies this often without having finished a job, starting another will not help.
  private static let restartLimit = 5
  /// While other workers live, the next attempt waits for this long.
  private static let pauseMilliseconds = 60_000

  init(
    run: RunID, workerOptions: [String], signingKey: SigningKey?, directory: FollowedDirectory,
    runDirectory: RunDirectory, keyFile: String?, lease: LeasedRedis, host: HostLoop, log: Logger,
    places: PoolPlaces, deliver: @escaping @Sendable (InvokerNews) -> Void
  ) {
    self.run = run
    keys = PoolKeys(run.text)
    self.workerOptions = workerOptions
    self.directory = directory
    self.runDirectory = runDirectory
    self.keyFile = keyFile
    self.lease = lease
    self.host = host
    self.log = log
    self.deliver = deliver
    routing = places.routing
    queueNames = [nil] + places.routing.routedSites.sorted().map { $0 }
    queues = queueNames.map { PoolQueue(PoolKeys(run.text, site: $0), lease) }
    waitingCounts = queueNames.map { _ in 0 }
    capacities = queueNames.map { places.capacities[$0] ?? .unknown }
    localWorker = (places.hasLocalWorker, places.localQueue)
    let (news, continuation) = AsyncStream<SiteNews>.makeStream()
    sites = places.makeSites { continuation.yield($0) }
    siteQueues = places.siteQueues
    siteNames = places.siteNames
    siteNews = news
    orders = OrderPublisher(channel: keys.orders, key: signingKey, redis: lease)
  }

  nonisolated func submission(of jobs: [SubmittedJob]) -> [RedisCommand] {
    let jobs = jobs.filter { refusal(of: $0) == nil }
    guard queueNames.count > 1 else {
      return jobs.isEmpty ? [] : [RedisCommand(["LPUSH", keys.queue] + jobs.map(\.message))]
    }
    let parts = Dictionary(grouping: jobs) { queueIndex(of: $0.id) }
    return parts.sorted { $0.key < $1.key }.map { index, jobs in
      let queue = PoolKeys(run.text, site: queueNames[index]).queue
      return RedisCommand(["LPUSH", queue] + jobs.map(\.message))
    }
  }

  private nonisolated func queueIndex(of job: JobID) -> Int {
    let process = job.task.process - 1
    guard queueNames.count > 1, routing.queues.indices.contains(process) else { return 0 }
    return queueNames.firstIndex(of: routing.queues[process]) ?? 0
  }

  func submit(_ jobs: [SubmittedJob]) -> InvokerNews {
    var news = InvokerNews()
    for job in jobs {
      if let reason = refusal(of: job) {
        news.refused.append(.init(job: job.id, reason: reason, retryMilliseconds: nil))
      } else {
        addQueued(job.id, job.message)
      }
    }
    return news
  }

  /// Why no worker can ever run the job; such a job is not queued.
  private nonisolated func refusal(of job: SubmittedJob) -> String? {
    let needs = job.resources.needs
    guard !needs.isEmpty else { return nil }
    var capacity = capacities[queueIndex(of: job.id)]
    let chosen = chosenSlots.load(ordering: .relaxed)
    if let slots = capacity.slots, chosen > 0 { capacity.slots = max(slots, chosen) }
    return capacity.refusal(of: needs)
  }

  /// Notes that the message of a job is in the queue.
  func addQueued(_ job: JobID, _ message: [UInt8]) {
    if waiting.updateValue(message, forKey: AttemptID(job)) == nil {
      waitingCounts[queueIndex(of: job)] += 1
    }
    waitingCount.store(waiting.count, ordering: .relaxed)
  }

  private func removeQueued(_ jobs: [JobID]) {
    for job in jobs where waiting.removeValue(forKey: AttemptID(job)) != nil {
      waitingCounts[queueIndex(of: job)] -= 1
    }
    waitingCount.store(waiting.count, ordering: .relaxed)
  }

  /// How many jobs wait in a queue.
  func waitingCount(in queue: String?) -> Int {
    queueNames.firstIndex(of: queue).map { waitingCounts[$0] } ?? 0
  }

  func taken(_ jobs: [JobID]) { removeQueued(jobs) }

  func ended(_ jobs: [JobID]) -> InvokerNews {
    restarts = 0
    removeQueued(jobs)
    return InvokerNews()
  }

  nonisolated var jobsAhead: Int { waitingCount.load(ordering: .relaxed) }

  func withdraw(_ jobs: [JobID]) async throws(InvokerError) -> InvokerNews {
    let (withdrawn, kept) = try await withdrawWaiting(jobs)
    return InvokerNews(withdrawn: withdrawn, kept: kept)
  }

  /// Returns both lists in the order of the jobs.
  private func withdrawWaiting(
    _ jobs: [JobID]
  ) async throws(InvokerError) -> (withdrawn: [JobID], kept: [JobID]) {
    var messages: [Int: [(job: JobID, message: QueuedMessage)]] = [:]
    for job in jobs {
      guard let message = waiting[AttemptID(job)] else { continue }
      messages[queueIndex(of: job), default: []].append((job, QueuedMessage(message)))
    }
    var found: Set<JobID> = []
    for (index, wanted) in messages.sorted(by: { $0.key < $1.key }) {
      let marks = try await queue(index) { (queue) async throws(RedisError) in
        try await queue.remove(wanted.map(\.message))
      }
      for (entry, isFound) in zip(wanted, marks) where isFound { found.insert(entry.job) }
      removeQueued(wanted.map(\.job).filter(found.contains))
    }
    return (jobs.filter(found.contains), jobs.filter { !found.contains($0) })
  }

  private func queue<Value: Sendable>(
    _ index: Int, _ body: (inout PoolQueue) async throws(RedisError) -> Value
  ) async throws(InvokerError) -> Value {
    var queue = queues[index]
    defer { queues[index] = queue }
    return try await InvokerError.redis { () async throws(RedisError) in try await body(&queue) }
  }

  func cancel(_ jobs: [JobID]) async throws(InvokerError) -> InvokerNews {
    let (withdrawn, others) = try await withdrawWaiting(jobs)
    do throws(RedisError) {
      try await orders.cancel(others)
    } catch {
      // The jobs that are out of the queue already must be reported even if the others fail.
      deliver(InvokerNews(withdrawn: withdrawn))
      throw InvokerError(error)
    }
    return InvokerNews(withdrawn: withdrawn)
  }

  /// `pause` moves what does not fit into one step, and does the same again without harm.
  nonisolated func pauseCommands() -> [RedisCommand] {
    queueNames.map { name in
      let keys = PoolKeys(run.text, site: name)
      return RedisCommand("RENAMENX", keys.queue, keys.paused)
    }
  }

  func pause(_ on: Bool) async throws(InvokerError) -> InvokerNews {
    for index in queues.indices {
      try await queue(index) { (queue) async throws(RedisError) in try await queue.pause(on) }
    }
    return InvokerNews()
  }

  func setSlots(_ count: Int) async throws(InvokerError) -> InvokerNews {
    chosenSlots.store(count, ordering: .relaxed)
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
    try await startLocalWorker()
    do throws(InvokerError) {
      try await beginSites()
    } catch {
      await stop()
      throw error
    }
  }

  func startLocalWorker() async throws(InvokerError) {
    guard localWorker.isWanted else { return }
    var request = try ExecutorProgram.request()
    request.arguments += ["--worker", "--pool", keys.pool] + workerOptions
    if let queue = localWorker.queue { request.arguments += ["--queue", queue] }
    if let keyFile { request.arguments += ["--signing-key-file", keyFile] }
    request.directory = directory.path
    // A session of its own: the worker and its jobs survive our terminal and us.
    request.group = .session
    var environment = Environment.all
    environment["HFLOW_REDIS_URL"] = redis.url.text
    environment[ExecutorPlaces.variable] = stateDirectory
    request.environment = environment
    do {
      let output = Descriptor(owning: try Files.openForAppending(logFile, mode: 0o600))
      request.standardOutput = .descriptor(output.number)
      request.standardError = .descriptor(output.number)
      lastLine = LastLogLine(in: logFile)
      let child = try Child.spawn(request)
      await watchWorker(child)
    } catch {
      throw InvokerError(
        "cannot start the local worker: \(error); is hflow-job-execute beside hflow-tui?",
        isForGood: true)
    }
  }

  /// Watches the worker, and records its process so that an engine that takes the run over finds
  /// it.
  func watchWorker(_ child: Child) async {
    worker = child
    host.watch(child) { status in Task { await self.hasEnded(child, status) } }
    guard let identity = ProcessIdentity(of: Int(child.pid)) else { return }
    // Under the lease, because otherwise this would recreate a key of a run that Redis has lost.
    try? await lease.perform([
      RedisCommand("HSET", RunKeys(run).info, "worker", "\(Environment.hostName) \(identity.text)")
    ])
  }

  private func hasEnded(_ child: Child, _ status: ExitStatus) async {
    guard child == worker else { return }
    worker = nil
    guard !isStopping else {
      for waiter in exitWaiters { waiter.resume() }
      exitWaiters = []
      return
    }
    deliver(await replace(child, status))
  }

  /// Reports the jobs of a worker that has ended, and starts another worker.
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
      if await hasOtherWorkers(than: child) {
        let seconds = Self.pauseMilliseconds / 1000
        news.notices.append(
          "the local worker ended \(restarts) times in a row, the last time it \(reason); the "
            + "other workers continue, another local one is started in \(seconds) s")
        Task { await self.startLater() }
        return news
      }
      news.failure = RunnerError(
        .executors,
        "the local worker ended \(restarts) times in a row, the last time it \(reason); see "
          + "\(logFile); fix that, then resume with: hflow-tui resume \(run.short)")
      return news
    }
    let notice = "the local worker \(reason); another one is started"
    if notice != lastNotice { news.notices.append(notice) }
    lastNotice = notice
    // The run may have been closed in the meantime.
    if isStopping { return news }
    do throws(InvokerError) {
      try await startLocalWorker()
    } catch {
      news.failure = RunnerError(.executors, "\(error)")
    }
    return news
  }

  /// Whether workers live that this run did not start. If Redis cannot tell, they may.
  private func hasOtherWorkers(than child: Child) async -> Bool {
    do throws(RedisError) {
      let names = try await redis.call(RedisCommand("SMEMBERS", keys.workers), retry: .always)
      let others = Set((names.array ?? []).compactMap(\.string)).subtracting(Self.names(of: child))
      for other in others {
        let key = try await redis.call(RedisCommand("EXISTS", keys.alive(other)), retry: .always)
        if key.integer == 1, try await !isDead(other) { return true }
      }
      return false
    } catch {
      return true
    }
  }

  /// If the other workers are gone by then and it ends again, the run cannot continue.
  private func startLater() async {
    await Ticker.pause(milliseconds: Self.pauseMilliseconds)
    guard !isStopping, worker == nil else { return }
    do throws(InvokerError) {
      try await start()
    } catch {
      deliver(InvokerNews(notices: ["\(error)"]))
    }
  }

  /// The names that a worker may register under. It uses the second if the first still belongs to
  /// another worker, as in a restarted container with the same process ids.
  private static func names(of child: Child) -> [String] {
    let name = "\(Environment.hostName)-\(child.pid)"
    return [name, "\(name)-\(child.pid)"]
  }

  /// How the worker ended, with the last line of its log.
  private func reason(of status: ExitStatus) -> String {
    let line = lastLine?.text ?? ""
    guard case .exited(let code) = status, code != 0, !line.isEmpty else { return status.text }
    return "\(status.text): \(line)"
  }

  func checkWorker(_ worker: String) async throws(InvokerError) -> InvokerNews? {
    try await InvokerError.redis { () async throws(RedisError) in
      try await checkHeartbeat(of: worker)
    }
  }

  private func checkHeartbeat(of worker: String) async throws(RedisError) -> InvokerNews? {
    let isAlive = try await redis.call(
      RedisCommand("EXISTS", keys.alive(worker)), retry: .always)
    if isAlive.integer == 1 { return nil }
    // The local worker can be killed, and its jobs end with it. So they are not given up while they
    // may still run.
    if let child = self.worker, Self.names(of: child).contains(worker), killedForSilence != child {
      log.warning("the local worker sends no heartbeat, and is killed")
      killedForSilence = child
      child.send(SIGKILL)
      return nil
    }
    var news = try await jobs(of: worker, lost: "its worker sends no heartbeat")
    // The worker may come back before the commit, and start one of the jobs.
    for place in news.ended.indices {
      news.ended[place].cleanUp.append(
        orders.command(for: .cancel(job: "\(news.ended[place].job)")))
    }
    return news
  }

  func stop() async {
    isStopping = true
    await drainSiteWorkers()
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.stopLocalWorker() }
      for site in sites { group.addTask { await site.stop() } }
    }
    siteTask?.cancel()
  }

  private func stopLocalWorker() async {
    guard let worker else { return }
    worker.send(SIGTERM)
    await withCheckedContinuation { exitWaiters.append($0) }
  }
}
