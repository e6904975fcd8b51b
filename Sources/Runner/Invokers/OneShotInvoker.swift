import DequeModule
import Engine
import Glibc
import JobProtocol
import Logging
import Posix
import Redis
import Runs
import Signing
import Sites

/// Starts `<command> <jobId> <redisUrl>` for each job, as the original engine does: any executor
/// that speaks the original protocol will do.
///
/// At most `slots` executors run at a time; other jobs wait in order. If an executor ends without a
/// report, its job is lost.
actor OneShotInvoker: JobInvoker {
  nonisolated let name = "oneshot"
  let run: RunID
  private var slots: Int
  private var isPaused = false
  private let orders: OrderPublisher
  private let keyFile: String?
  private let containerTool: ContainerTool?
  let redis: RedisClient
  private let lease: LeasedRedis
  /// The second argument of executors.
  private let executorURL: RedisURL
  private let directory: FollowedDirectory
  private let command: [String]?
  /// The directory for the executors' own output, one file each.
  private var logDirectory: String { runDirectory.executorLogs }
  private let runDirectory: RunDirectory
  /// The directory where our executors keep ends that they cannot report.
  private var stateDirectory: String { runDirectory.unreportedEnds }
  let host: HostLoop
  let log: Logger
  private var queue: Deque<JobID> = []
  private var running: [Child: JobID] = [:]
  private(set) var children: [JobID: Child] = [:]
  let deliver: @Sendable (InvokerNews) -> Void
  /// Jobs whose executors run elsewhere, and how often in a row their keys were missing.
  var distant: [JobID: Int] = [:]

  /// - Parameter command: The words of the foreign executor's command; `nil` uses our own executor.
  init(
    run: RunID, slots: Int, signingKey: SigningKey?, keyFile: String?, command: [String]?,
    containerTool: ContainerTool? = nil,
    directory: FollowedDirectory, runDirectory: RunDirectory, executorURL: RedisURL,
    lease: LeasedRedis, host: HostLoop, log: Logger,
    deliver: @escaping @Sendable (InvokerNews) -> Void
  ) {
    self.run = run
    orders = OrderPublisher(channel: RunKeys(run).orders, key: signingKey, redis: lease)
    self.lease = lease
    self.keyFile = keyFile
    self.containerTool = containerTool
    self.slots = slots
    self.command = command
    self.directory = directory
    self.runDirectory = runDirectory
    self.executorURL = executorURL
    redis = lease.redis
    self.host = host
    self.log = log
    self.deliver = deliver
  }

  nonisolated func submission(of jobs: [SubmittedJob]) -> [RedisCommand] {
    jobs.map { RedisCommand("LPUSH", OriginalKeys.message(task: "\($0.id)"), $0.message) }
  }

  func submit(_ jobs: [SubmittedJob]) -> InvokerNews {
    queue.append(contentsOf: jobs.map(\.id))
    return startWaiting()
  }

  func taken(_ jobs: [JobID]) {}

  /// Frees the slots of ended jobs, even if their executors have not exited yet.
  func ended(_ jobs: [JobID]) -> InvokerNews {
    for job in jobs {
      distant[job] = nil
      if let child = children.removeValue(forKey: job) { running[child] = nil }
    }
    return startWaiting()
  }

  var usesForeignExecutor: Bool { command != nil }

  /// Always 0: each executor is started from here, when another has ended.
  nonisolated var jobsAhead: Int { 0 }

  /// Forgets jobs that wait for a slot, and deletes their messages.
  func withdraw(_ jobs: [JobID]) async -> InvokerNews {
    let withdrawn = await withdrawWaiting(jobs)
    return InvokerNews(
      withdrawn: jobs.filter(withdrawn.contains), kept: jobs.filter { !withdrawn.contains($0) })
  }

  private func withdrawWaiting(_ jobs: [JobID]) async -> Set<JobID> {
    let wanted = Set(jobs)
    var withdrawn: Set<JobID> = []
    queue.removeAll { wanted.contains($0) && withdrawn.insert($0).inserted }
    do throws(RedisError) {
      try await lease.perform(
        withdrawn.map { RedisCommand("UNLINK", OriginalKeys.message(task: "\($0)")) })
    } catch {
      log.error("cannot delete the messages of jobs that were taken back: \(error)")
    }
    return withdrawn
  }

  func pause(_ on: Bool) -> InvokerNews {
    isPaused = on
    return startWaiting()
  }

  func setSlots(_ count: Int) -> InvokerNews {
    slots = count
    return startWaiting()
  }

  func cancel(_ jobs: [JobID]) async throws(InvokerError) -> InvokerNews {
    let withdrawn = await withdrawWaiting(jobs)
    let others = jobs.filter { !withdrawn.contains($0) }
    let news = InvokerNews(withdrawn: jobs.filter(withdrawn.contains))
    do throws(RedisError) {
      try await orders.cancel(others)
    } catch {
      // The jobs that are out of the queue already must be reported even if the others fail.
      deliver(news)
      throw InvokerError(error)
    }
    // Foreign executors know no orders; SIGTERM also tells them to stop.
    if command != nil { for job in others { children[job]?.sendToGroup(SIGTERM) } }
    return news
  }

  func start() throws(InvokerError) {
    do {
      try Files.makeDirectory(logDirectory, mode: 0o700)
    } catch {
      throw InvokerError("\(error)", isForGood: true)
    }
    guard let program = command?.first else {
      _ = try ExecutorProgram.request()
      return
    }
    let isExecutable =
      program.contains("/")
      ? Files.isExecutableFile(Files.join(directory.path, program))
      : Files.findExecutable(program) != nil
    guard isExecutable else {
      throw InvokerError(
        "--executor-command: \(program) is not an executable file; give a path or install it",
        isForGood: true)
    }
  }

  /// Watches an executor, which may have been started by a former engine.
  func watch(_ child: Child, for job: JobID) {
    running[child] = job
    children[job] = child
    host.watch(child) { status in
      Task { self.deliver(await self.hasEnded(child, status)) }
    }
  }

  func startWaiting() -> InvokerNews {
    var news = InvokerNews()
    while !isPaused, running.count + distant.count < slots, let job = queue.popFirst() {
      do {
        let child = try spawn(job)
        watch(child, for: job)
        if command != nil { news.started.append(.init(job: job, executor: identity(child))) }
      } catch {
        log.error("cannot start an executor for \(job): \(error)")
        news.ended.append(.lost(job, "no executor could be started: \(error)"))
      }
    }
    return news
  }

  /// The identity of a foreign executor, which does not report that it has started.
  private func identity(_ child: Child) -> ExecutorIdentity {
    let host = Environment.hostName
    return ExecutorIdentity(name: "\(host)-\(child.pid)", host: host, pid: Int(child.pid))
  }

  private func request(for job: JobID) throws -> SpawnRequest {
    var environment = Environment.all
    var request: SpawnRequest
    if let command {
      request = SpawnRequest(command[0], Array(command.dropFirst()))
      request.arguments += ["\(job)", executorURL.plainText]
      environment.merge(executorURL.tls?.environment ?? [:]) { _, file in file }
      environment[SigningKey.variable] = nil
      // The original executor crashes when this is not set.
      environment["HF_VAR_ENABLE_TRACING"] = environment["HF_VAR_ENABLE_TRACING"] ?? "0"
      // The engine retries. If the executor did too, there would be the square of the attempts.
      environment["HF_VAR_NUMBER_OF_RETRIES"] = "1"
      // Processes that outlive their executor are found by this, see `RunProcesses.killOrphans`.
      environment["HFLOW_JOB_ID"] = "\(job)"
    } else {
      request = try ExecutorProgram.request()
      // With "-", the executor takes the URL from its environment, because arguments are visible in
      // process lists.
      request.arguments += ["\(job)", executorURL.hasSecret ? "-" : executorURL.text]
      environment["HFLOW_REDIS_URL"] = executorURL.text
      environment[ExecutorPlaces.variable] = stateDirectory
      if let containerTool { environment[ContainerTool.variable] = containerTool.rawValue }
      if let keyFile { request.arguments += ["--signing-key-file", keyFile] }
    }
    // A session of its own: the executor and its job survive our terminal and us.
    request.group = .session
    environment["HF_LOG_NODE_NAME"] = environment["HF_LOG_NODE_NAME"] ?? Environment.hostName
    request.environment = environment
    request.directory = directory.path
    return request
  }

  private func spawn(_ job: JobID) throws -> Child {
    var request = try request(for: job)
    let output = Descriptor(
      owning: try Files.openForAppending(logPath(of: job), mode: 0o600))
    request.standardOutput = .descriptor(output.number)
    request.standardError = .descriptor(output.number)
    return try Child.spawn(request)
  }

  func hasEnded(_ child: Child, _ status: ExitStatus) async -> InvokerNews {
    guard let job = running.removeValue(forKey: child) else { return InvokerNews() }
    children[job] = nil
    // The process may only have handed the job on, to another host or to a process here.
    if await followHolder(of: job, besides: child) { return startWaiting() }
    let logEnd = command == nil ? nil : ExecutorLogEnd(in: logPath(of: job))
    let reason = "its executor \(status.text) without a report"
    let ended = InvokerNews.Ended(
      job: job, cause: logEnd?.cause(else: reason) ?? .lost(reason), executor: Int(child.pid))
    return startWaiting() + InvokerNews(ended: [ended])
  }

  private func logPath(of job: JobID) -> String {
    Files.join(logDirectory, "\("\(job)".replacing(":", with: "__")).log")
  }

  /// Starts no more executors; those that run exit by themselves.
  func stop() {
    isPaused = true
    for child in running.keys { child.sendToGroup(SIGTERM) }
  }
}
