import JobProtocol
import Logging
import Posix
import Redis
import Runs

/// What happens to jobs of one-shot executors whose engine is gone, or whose local process has
/// ended.
///
/// | the executor | the journal | then |
/// |---|---|---|
/// | runs on this host: its command line has the job's id | – | watch its process |
/// | runs elsewhere, according to its key | – | watch its key |
/// | was elsewhere, its key is gone | its job was taken or started | watch its key; it may return |
/// | had no key twice in a row | – | the job is lost |
/// | is gone | its job was taken or started | wait for its report, else the job is lost |
/// | is gone, or never was | its job was not taken | start another |
extension OneShotInvoker {
  /// How often an executor's key is checked. The key lives for 15 s, and the executor may lose its
  /// connection for a while.
  private static let holderMilliseconds = 12_000
  private static let absencesAllowed = 1

  func adopt(_ jobs: [FormerJob]) async throws(InvokerError) -> InvokerNews {
    try start()
    let processes = RunProcesses.oneShots(of: run)
    var news = InvokerNews()
    var resubmitted: [SubmittedJob] = []
    do throws(RedisError) {
      for former in jobs {
        let id = former.job.id
        if let pid = processes["\(id)"] {
          watch(Child(pid: Int32(pid)), for: id)
        } else if let holder = try await holder(of: id), holder.host != Environment.hostName {
          follow(id)
        } else if try await !wasTaken(former) {
          resubmitted.append(former.job)
        } else if try await ranOnOtherHost(former) {
          follow(id)
        } else {
          news.ended.append(.lost(id, "its executor was gone"))
        }
      }
    } catch {
      throw InvokerError(error)
    }
    return news + submit(resubmitted)
  }

  private func holder(of job: JobID) async throws(RedisError) -> JobHolder? {
    try await redis.call(
      RedisCommand("GET", RunKeys.alive(job: "\(job)")), retry: .always
    ).bytes.flatMap(JobHolder.init(parsing:))
  }

  private func wasTaken(_ former: FormerJob) async throws(RedisError) -> Bool {
    if former.isTaken { return true }
    let replies = try await redis.run(
      [
        RedisCommand("EXISTS", RunKeys.ran(job: "\(former.job.id)")),
        RedisCommand("EXISTS", OriginalKeys.acquireCount(task: "\(former.job.id)")),
      ], retry: .always)
    // Our executors record that they start a job; foreign executors only that they fetched its
    // message.
    return replies[usesForeignExecutor ? 1 : 0].integer == 1
  }

  /// Whether the executor that started the job ran on another host, whose processes we cannot
  /// watch.
  private func ranOnOtherHost(_ former: FormerJob) async throws(RedisError) -> Bool {
    let mark = try await redis.call(
      RedisCommand("GET", RunKeys.ran(job: "\(former.job.id)")), retry: .always
    ).string
    guard let name = mark?.split(separator: " ").first else {
      return former.executor.map { $0.host != Environment.hostName } ?? false
    }
    let prefix = "\(Environment.hostName)-"
    return !name.hasPrefix(prefix) || Int(name.dropFirst(prefix.count)) == nil
  }

  // MARK: Executors elsewhere

  private func follow(_ job: JobID) {
    distant[job] = 0
    scheduleCheck(of: job)
  }

  private func scheduleCheck(of job: JobID) {
    Task {
      await Ticker.pause(milliseconds: Self.holderMilliseconds)
      if let news = await holderIsDue(job) { deliver(news) }
    }
  }

  /// Whether another process than the ended one has the job; if so, it is watched from now on.
  func followHolder(of job: JobID, besides child: Child) async -> Bool {
    guard let holder = try? await holder(of: job) else { return false }
    if holder.host != Environment.hostName {
      follow(job)
      return true
    }
    let isAlive =
      holder.pid != Int(child.pid) && holder.bootID == Environment.bootID
      && ProcessTable.commandLine(of: holder.pid).contains("\(job)")
    if isAlive { watch(Child(pid: Int32(holder.pid)), for: job) }
    return isAlive
  }

  /// Checks the key of an executor elsewhere. Returns what became of its job, or `nil` if the
  /// executor may be alive.
  func holderIsDue(_ job: JobID) async -> InvokerNews? {
    guard distant[job] != nil else { return nil }
    let isAlive: Bool
    do throws(RedisError) {
      isAlive = try await holder(of: job) != nil
    } catch {
      log.error("cannot tell whether the executor of \(job) lives: \(error)")
      if error.code != .closed { scheduleCheck(of: job) }
      return nil
    }
    guard let absences = distant[job] else { return nil }
    if !isAlive, absences >= Self.absencesAllowed {
      distant[job] = nil
      return startWaiting()
        + InvokerNews(ended: [.lost(job, "its executor sends no heartbeat")])
    }
    distant[job] = isAlive ? 0 : absences + 1
    scheduleCheck(of: job)
    return nil
  }
}
