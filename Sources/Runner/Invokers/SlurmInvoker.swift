import Engine
import JobProtocol
import Logging
import Redis
import Signing
import Sites

/// Gives each job to Slurm, which runs a one-shot executor for it (`mode = "jobs"`).
///
/// The message of a job is in Redis, in the commit of its event; Slurm only starts executors. So a
/// job that is submitted twice is started once, by the executor that claims it first.
actor SlurmInvoker: JobInvoker {
  nonisolated let name: String
  private let site: SlurmJobSite
  private let orders: OrderPublisher
  private let lease: LeasedRedis
  private let log: Logger
  /// The stage of each process: its name.
  private let stages: [String]
  private let deliver: @Sendable (InvokerNews) -> Void

  init(
    _ settings: SiteSettings, _ access: WorkerAccess, stages: [String], signingKey: SigningKey?,
    lease: LeasedRedis, log: Logger, deliver: @escaping @Sendable (InvokerNews) -> Void
  ) {
    name = settings.name
    self.stages = stages
    self.lease = lease
    self.log = log
    self.deliver = deliver
    orders = OrderPublisher(
      channel: RunKeys(access.run).orders, key: signingKey, redis: lease)
    site = SlurmJobSite(settings, access) { news in
      deliver(Self.news(news))
      for case .notice(let text) in news { log.warning("\(text)") }
    }
  }

  nonisolated var jobsAhead: Int { 0 }

  nonisolated func submission(of jobs: [SubmittedJob]) -> [RedisCommand] {
    jobs.map { RedisCommand("LPUSH", OriginalKeys.message(task: "\($0.id)"), $0.message) }
  }

  func start() async throws(InvokerError) { try await begin(isNew: true) }

  private func begin(isNew: Bool) async throws(InvokerError) {
    do throws(SiteError) {
      try await site.begin(isNew: isNew)
    } catch {
      throw InvokerError(error.lines.joined(separator: "\n"), isForGood: true)
    }
  }

  func adopt(_ jobs: [FormerJob]) async throws(InvokerError) -> InvokerNews {
    try await begin(isNew: false)
    let former = jobs.map { (task: task($0.job), isTaken: $0.isTaken) }
    try await convertingErrors { () async throws(SiteError) in try await site.takeOver(former) }
    return InvokerNews()
  }

  func submit(_ jobs: [SubmittedJob]) async -> InvokerNews {
    await site.submit(jobs.map(task))
    return InvokerNews()
  }

  private func task(_ job: SubmittedJob) -> SlurmTask {
    let process = job.id.task.process - 1
    return SlurmTask(
      job: "\(job.id)", stage: stages.indices.contains(process) ? stages[process] : "",
      cores: job.resources.cores, memoryBytes: job.resources.memoryBytes,
      seconds: job.resources.seconds)
  }

  func cancel(_ jobs: [JobID]) async throws(InvokerError) -> InvokerNews {
    let withdrawn = await site.withdraw(jobs.map { "\($0)" })
    let others = jobs.filter { !withdrawn.contains("\($0)") }
    deliver(InvokerNews(withdrawn: jobs.filter { withdrawn.contains("\($0)") }))
    try await InvokerError.redis { () async throws(RedisError) in try await orders.cancel(others) }
    try await convertingErrors { () async throws(SiteError) in
      try await site.cancel(others.map { "\($0)" })
    }
    return InvokerNews()
  }

  func withdraw(_ jobs: [JobID]) async -> InvokerNews {
    let withdrawn = await site.withdraw(jobs.map { "\($0)" })
    return InvokerNews(
      withdrawn: jobs.filter { withdrawn.contains("\($0)") },
      kept: jobs.filter { !withdrawn.contains("\($0)") })
  }

  func taken(_ jobs: [JobID]) async { await site.taken(jobs.map { "\($0)" }) }

  func ended(_ jobs: [JobID]) async -> InvokerNews {
    await site.ended(jobs.map { "\($0)" })
    return InvokerNews()
  }

  func pause(_ on: Bool) async throws(InvokerError) -> InvokerNews {
    try await convertingErrors { () async throws(SiteError) in try await site.pause(on) }
    return InvokerNews()
  }

  /// Slurm decides how many jobs run.
  func setSlots(_ count: Int) -> InvokerNews {
    InvokerNews(notices: ["site \(name) has no slots: Slurm decides how many jobs run"])
  }

  func stop() async { await site.stop() }

  private func convertingErrors(
    _ body: () async throws(SiteError) -> Void
  ) async throws(InvokerError) {
    do throws(SiteError) {
      try await body()
    } catch {
      throw InvokerError(error.lines.joined(separator: "; "))
    }
  }

  static func news(_ all: [SlurmJobNews]) -> InvokerNews {
    var news = InvokerNews()
    for one in all {
      switch one {
      case .accepted(let job, let id):
        if let job = JobID(parsing: job) { news.accepted.append(.init(job: job, nativeID: id)) }
      case .pending(let job, let reason):
        if let job = JobID(parsing: job) { news.pending.append(.init(job: job, reason: reason)) }
      case .ended(let job, let end):
        if let job = JobID(parsing: job) { news.ended.append(ended(job, end)) }
      case .withdrawn(let job):
        if let job = JobID(parsing: job) { news.withdrawn.append(job) }
      case .refused(let job, let reason):
        if let job = JobID(parsing: job) {
          news.refused.append(.init(job: job, reason: reason, retryMilliseconds: nil))
        }
      case .notice(let text): news.notices.append(text)
      }
    }
    return news
  }

  /// What counts if the executor has not reported.
  private static func ended(_ job: JobID, _ end: SlurmEnd) -> InvokerNews.Ended {
    switch end {
    case .finished: .lost(job, "its executor ended without a report")
    case .outOfMemory: InvokerNews.Ended(job: job, cause: .outOfMemory(certain: true))
    case .timeout: .lost(job, "the time limit of its Slurm job was reached")
    case .lost(let reason): .lost(job, reason)
    }
  }
}
