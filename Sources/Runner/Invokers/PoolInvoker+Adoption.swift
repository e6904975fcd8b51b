import JobProtocol
import Posix
import Redis
import Runs

/// What happens to a pool's jobs when their worker or engine is gone.
///
/// | the job is | its worker | then |
/// |---|---|---|
/// | in the queue | – | it stays there |
/// | in a worker's list | is alive, or may be | it continues; heartbeats will tell |
/// | in a worker's list | is dead | it may have started, so it is lost |
/// | nowhere | – | wait for its report, else it is lost |
///
/// The list of a dead worker is emptied in the commits that journal the losses.
extension PoolInvoker {
  func adopt(_ jobs: [FormerJob]) async throws(InvokerError) -> InvokerNews {
    let found: (news: InvokerNews, isLocalAlive: Bool)
    do throws(RedisError) {
      found = try await find(jobs)
    } catch {
      throw InvokerError(error)
    }
    if !found.isLocalAlive { try await startLocalWorker() }
    try await beginSites()
    return found.news
  }

  private func find(
    _ jobs: [FormerJob]
  ) async throws(RedisError) -> (news: InvokerNews, isLocalAlive: Bool) {
    let contents = try await contents()
    let isLocalAlive = await adoptWorker()
    var news = InvokerNews()
    for dead in contents.taken.keys.sorted() where try await isDead(dead) {
      news = news + (try await self.jobs(of: dead, lost: "its worker was gone"))
    }
    let settled = Set(news.ended.map(\.job))
    for former in jobs where !settled.contains(former.job.id) {
      if let message = contents.queued[former.job.id] {
        addQueued(former.job.id, message)
      } else if !contents.isTaken(former.job.id) {
        news.ended.append(.lost(former.job.id, "no executor had it"))
      }
    }
    return (news, isLocalAlive)
  }

  private struct PoolContents {
    var queued: [JobID: [UInt8]] = [:]
    /// The taken jobs by worker.
    var taken: [String: Set<JobID>] = [:]

    func isTaken(_ job: JobID) -> Bool { taken.values.contains { $0.contains(job) } }
  }

  private func contents() async throws(RedisError) -> PoolContents {
    var contents = PoolContents()
    let queues = queueNames.map { PoolKeys(run.text, site: $0) }
    let first = try await redis.run(
      [RedisCommand("SMEMBERS", keys.workers)]
        + queues.flatMap { [RedisCommand("LRANGE", $0.queue, 0, -1)] }
        + queues.flatMap { [RedisCommand("LRANGE", $0.paused, 0, -1)] },
      retry: .always)
    let workers = (first[0].array ?? []).compactMap(\.string)
    for bytes in first[1...].flatMap({ ($0.array ?? []).compactMap(\.bytes) }) {
      if let job = Self.job(of: bytes) { contents.queued[job] = bytes }
    }
    let replies = try await redis.run(
      workers.map { RedisCommand("LRANGE", keys.taken(by: $0), 0, -1) }, retry: .always)
    for (worker, reply) in zip(workers, replies) {
      contents.taken[worker] = Set((reply.array ?? []).compactMap(\.bytes).compactMap(Self.job))
    }
    return contents
  }

  private static func job(of message: [UInt8]) -> JobID? {
    (try? JobMessage(parsing: message))?.taskID.flatMap(JobID.init(parsing:))
  }

  /// Finds the run's own worker if it still runs; it may have no connection at the moment.
  private func adoptWorker() async -> Bool {
    guard let pid = await announcedWorker() ?? RunProcesses.worker(loggingTo: logFile)?.pid
    else { return false }
    await watchWorker(Child(pid: Int32(pid)))
    return true
  }

  /// The process id of the worker that the former engine recorded. It may have died before it
  /// recorded one.
  private func announcedWorker() async -> Int? {
    guard
      let text = try? await redis.call(
        RedisCommand("HGET", RunKeys(run).info, "worker"), retry: .always
      ).string
    else { return nil }
    let words = text.split(separator: " ", maxSplits: 1)
    guard words.count == 2, words[0] == Environment.hostName,
      let identity = ProcessIdentity(parsing: words[1]), identity.isAlive
    else { return nil }
    return identity.pid
  }

  /// Whether a worker of this host has no process any more. Workers of other hosts may only be
  /// reconnecting.
  func isDead(_ name: String) async throws(RedisError) -> Bool {
    let value = try await redis.call(RedisCommand("GET", keys.alive(name)), retry: .always)
    let health = value.bytes.flatMap(WorkerHealth.init(parsing:))
    if let health, health.executor.host != Environment.hostName { return false }
    guard let pid = health?.executor.pid ?? Self.process(of: name) else { return false }
    return worker?.pid != Int32(pid) && !isExecutor(pid)
  }

  /// The process id in the name of a worker; `nil` unless it is a default name on this host.
  private static func process(of worker: String) -> Int? {
    let prefix = "\(Environment.hostName)-"
    return worker.hasPrefix(prefix) ? Int(worker.dropFirst(prefix.count)) : nil
  }

  private func isExecutor(_ pid: Int) -> Bool {
    let words = ProcessTable.commandLine(of: pid)
    return words.contains { $0.hasSuffix(ExecutorProgram.name) }
      || words.contains("worker") && words.contains { $0.hasSuffix("hflow-tui") }
  }

  /// The jobs that a dead worker had.
  func jobs(of worker: String, lost reason: String) async throws(RedisError) -> InvokerNews {
    let list = keys.taken(by: worker)
    let reply = try await redis.call(RedisCommand("LRANGE", list, 0, -1), retry: .always)
    var news = InvokerNews()
    var cleanUp: [RedisCommand] = []
    for bytes in (reply.array ?? []).compactMap(\.bytes) {
      cleanUp.append(RedisCommand("LREM", list, 1, bytes))
      guard let job = Self.job(of: bytes) else { continue }
      news.ended.append(
        .lost(job, reason, cleanUp: cleanUp, executor: Self.process(of: worker)))
      cleanUp = []
    }
    cleanUp.append(RedisCommand("SREM", keys.workers, worker))
    if news.ended.isEmpty {
      try await lease.perform(cleanUp)
    } else {
      news.ended[news.ended.count - 1].cleanUp += cleanUp
    }
    return news
  }
}
