import Engine
import JobProtocol
import Posix
import Redis
import TestSupport

@testable import Runner

/// An infrastructure and its executors. They hang, refuse, lose, repeat and reorder as a seed says.
/// It outlives engines. Executors report over Redis, as real ones do.
actor UnreliableInfrastructure {
  /// How often each job was started.
  private(set) var begun: [JobID: Int] = [:]
  private(set) var faults = 0

  private enum Stage { case queued, running, over }

  private let run: RunID
  private let redis: RedisClient
  private var random: SeededRandom
  private var stages: [JobID: Stage] = [:]
  private var deliver: @Sendable (InvokerNews) -> Void = { _ in }

  init(run: RunID, redis: RedisClient, seed: UInt64) {
    self.run = run
    self.redis = redis
    random = SeededRandom(seed: seed)
  }

  func connect(_ deliver: @escaping @Sendable (InvokerNews) -> Void) { self.deliver = deliver }

  private func happens(onceIn times: Int) -> Bool {
    guard random.chance(times) else { return false }
    faults += 1
    return true
  }

  private func hang(onceIn times: Int) async {
    if happens(onceIn: times) { await Ticker.pause(milliseconds: 1 + random.below(20)) }
  }

  // MARK: Orders

  func submit(_ jobs: [JobID]) async throws(InvokerError) -> InvokerNews {
    await hang(onceIn: 5)
    if happens(onceIn: 20) { throw InvokerError("the scheduler is down") }
    var news = InvokerNews()
    for job in jobs where stages[job] == nil {
      if happens(onceIn: 10) {
        news.refused.append(.init(job: job, reason: "too many jobs", retryMilliseconds: 1))
        continue
      }
      stages[job] = .queued
      news.accepted.append(.init(job: job, nativeID: "\(1000 + stages.count)"))
      if random.chance(3) { news.pending.append(.init(job: job, reason: "Priority")) }
      Task { await self.execute(job) }
    }
    // The same news is sent twice.
    return happens(onceIn: 10) ? news + news : news
  }

  func cancel(_ jobs: [JobID]) async throws(InvokerError) -> InvokerNews {
    await hang(onceIn: 5)
    let news = takeBack(jobs)
    for job in news.kept where stages[job] == .running {
      stages[job] = .over
      await report([
        .finished(job: "\(job)", outcome: .failed(.cancelled), usage: JobUsage(), at: 1)
      ])
    }
    return InvokerNews(withdrawn: news.withdrawn)
  }

  func withdraw(_ jobs: [JobID]) async throws(InvokerError) -> InvokerNews {
    await hang(onceIn: 5)
    if happens(onceIn: 10) { throw InvokerError("the scheduler is down") }
    return takeBack(jobs)
  }

  private func takeBack(_ jobs: [JobID]) -> InvokerNews {
    var news = InvokerNews()
    for job in jobs {
      if stages[job] == .queued {
        // The job may be submitted again under the same id.
        stages[job] = nil
        news.withdrawn.append(job)
      } else {
        news.kept.append(job)
      }
    }
    return news
  }

  func adopt(_ jobs: [FormerJob]) async throws(InvokerError) -> InvokerNews {
    await hang(onceIn: 3)
    var news = InvokerNews()
    var unknown: [JobID] = []
    for former in jobs {
      switch stages[former.job.id] {
      case nil: unknown.append(former.job.id)
      case .queued, .running: break
      // The job's report is on its way, or the job is lost.
      case .over: news.ended.append(.lost(former.job.id, "its executor was gone"))
      }
    }
    let submitted = try await submit(unknown)
    return news + submitted
  }

  // MARK: Executors

  private func execute(_ job: JobID) async {
    await Ticker.pause(milliseconds: 1 + random.below(5))
    guard stages[job] == .queued else { return }
    stages[job] = .running
    begun[job, default: 0] += 1
    let executor = ExecutorIdentity(name: "x\(begun.count)", host: "elsewhere", pid: 1)
    var reports: [JobReport] = [
      .taken(job: "\(job)", by: executor, at: 1),
      .started(job: "\(job)", by: executor, pid: 7, at: 2),
    ]
    if happens(onceIn: 4) {
      reports.reverse()
    } else {
      await report(reports)
      reports = []
      await Ticker.pause(milliseconds: 1 + random.below(5))
    }
    guard stages[job] == .running else { return }
    stages[job] = .over
    // The executor vanishes, with its report or without.
    let isLost = happens(onceIn: 8)
    if isLost { deliver(InvokerNews(ended: [.lost(job, "the node is gone")])) }
    if isLost, random.chance(2) { return }
    reports.append(.finished(job: "\(job)", outcome: .succeeded, usage: JobUsage(), at: 3))
    if happens(onceIn: 6) { reports += reports }
    if happens(onceIn: 6) { reports.reverse() }
    await report(reports)
  }

  private func report(_ reports: [JobReport]) async {
    let commands = reports.map { report in
      RedisCommand(
        ["XADD", RunKeys(run).reports, "*"] + report.fields.flatMap { [$0.0, $0.1] })
    }
    _ = try? await redis.run(commands, retry: .always)
  }
}

/// The infrastructure as one engine sees it.
struct UnreliableInvoker: JobInvoker {
  let infrastructure: UnreliableInfrastructure

  var name: String { "unreliable" }
  var jobsAhead: Int { 0 }
  func submission(of jobs: [SubmittedJob]) -> [RedisCommand] { [] }
  func start() {}

  func submit(_ jobs: [SubmittedJob]) async throws(InvokerError) -> InvokerNews {
    try await infrastructure.submit(jobs.map(\.id))
  }

  func cancel(_ jobs: [JobID]) async throws(InvokerError) -> InvokerNews {
    try await infrastructure.cancel(jobs)
  }

  func withdraw(_ jobs: [JobID]) async throws(InvokerError) -> InvokerNews {
    try await infrastructure.withdraw(jobs)
  }

  func adopt(_ jobs: [FormerJob]) async throws(InvokerError) -> InvokerNews {
    try await infrastructure.adopt(jobs)
  }

  func taken(_ jobs: [JobID]) {}
  func ended(_ jobs: [JobID]) -> InvokerNews { InvokerNews() }
  func pause(_ on: Bool) -> InvokerNews { InvokerNews() }
  func setSlots(_ count: Int) -> InvokerNews { InvokerNews() }
  func stop() {}
}
