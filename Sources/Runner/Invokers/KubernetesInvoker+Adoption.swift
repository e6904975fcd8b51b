import JobProtocol
import Redis
import Sites

/// Jobs of a former engine, and jobs that are withdrawn or cancelled.
///
/// | a job of a former engine | then |
/// |---|---|
/// | has a Job with its id | it is followed |
/// | has none, and no executor had it | it is submitted |
/// | has none, and an executor had it | it is lost |
///
/// A job can be withdrawn while no container has started: the engine claims it, as an executor
/// would. So an executor that starts meanwhile does not run it.
extension KubernetesInvoker {
  func adopt(_ jobs: [FormerJob]) async throws(InvokerError) -> InvokerNews {
    try await prepare()
    var news = InvokerNews()
    do throws(SiteError) {
      for place in places { news = news + (try await find(jobs, in: place)) }
    } catch {
      throw InvokerError(error.lines.joined(separator: "; "))
    }
    var resubmitted: [SubmittedJob] = []
    for former in jobs where groupOf[former.job.id] == nil {
      let hadOne = try await wasTaken(former)
      if hadOne {
        news.ended.append(.lost(former.job.id, "its Job was gone"))
      } else {
        resubmitted.append(former.job)
      }
    }
    begin()
    return news + submit(resubmitted)
  }

  /// Finds the Jobs of the run. Those that have nothing to do any more are deleted.
  private func find(
    _ jobs: [FormerJob], in place: KubernetesPlace
  ) async throws(SiteError) -> InvokerNews {
    let wanted = Dictionary(jobs.map { ($0.job.id, $0) }) { first, _ in first }
    var news = InvokerNews()
    var unneeded: [String] = []
    for found in try await kubectl(place).jobs() where !found.isBeingDeleted {
      let members = found.jobs.compactMap(JobID.init(parsing:)).filter { wanted[$0] != nil }
      guard !members.isEmpty else {
        if found.cause == nil { unneeded.append(found.name) }
        continue
      }
      adopt(found.name, members, place)
      taken(members.filter { wanted[$0]?.isTaken == true })
      news.accepted += members.map {
        .init(job: $0, nativeID: "\(place.namespace)/\(found.name)")
      }
    }
    if !unneeded.isEmpty { delete(unneeded, in: place) }
    return news
  }

  private func wasTaken(_ former: FormerJob) async throws(InvokerError) -> Bool {
    if former.isTaken { return true }
    let keys = [
      RunKeys.ran(job: "\(former.job.id)"), OriginalKeys.acquireCount(task: "\(former.job.id)"),
    ]
    let reply = try await InvokerError.redis { () async throws(RedisError) in
      try await redis.call(RedisCommand(["EXISTS"] + keys), retry: .always)
    }
    return reply.integer != 0
  }

  // MARK: Withdrawal

  func withdraw(_ jobs: [JobID]) async throws(InvokerError) -> InvokerNews {
    let withdrawn = try await withdrawUnclaimed(jobs)
    return InvokerNews(
      withdrawn: jobs.filter(withdrawn.contains), kept: jobs.filter { !withdrawn.contains($0) })
  }

  func cancel(_ jobs: [JobID]) async throws(InvokerError) -> InvokerNews {
    cancelledJobs.formUnion(jobs)
    let withdrawn = try await withdrawUnclaimed(jobs)
    let others = jobs.filter { !withdrawn.contains($0) }
    let news = InvokerNews(withdrawn: jobs.filter(withdrawn.contains))
    if !others.isEmpty {
      do throws(RedisError) {
        try await orders.cancel(others)
      } catch {
        deliver(news)
        throw InvokerError(error)
      }
      endForeign(others)
    }
    return news
  }

  /// Executors that are not ours know no orders, and report nothing when they are told to end.
  private func endForeign(_ jobs: [JobID]) {
    for job in jobs where !takenJobs.contains(job) {
      guard let name = groupOf[job], let group = groups[name], group.step == .created,
        group.members.allSatisfy(cancelledJobs.contains)
      else { continue }
      delete([name], in: group.place)
    }
  }

  /// Claims the jobs that have not started. Returns those that no executor will run.
  private func withdrawUnclaimed(_ jobs: [JobID]) async throws(InvokerError) -> Set<JobID> {
    var out = withdrawWaiting(jobs)
    let others = jobs.filter { job in
      guard !out.contains(job), !takenJobs.contains(job), let name = groupOf[job] else {
        return false
      }
      return groups[name]?.step == .created && groups[name]?.mayHaveStarted == false
    }
    guard !others.isEmpty else { return out }
    let replies = try await InvokerError.redis { () async throws(RedisError) in
      try await redis.run(others.flatMap(Self.claim), retry: .always)
    }
    for (index, job) in others.enumerated() {
      let isClaimed = !replies[2 * index].isNull && replies[2 * index].errorText == nil
      guard isClaimed, replies[2 * index + 1].integer == 0 else {
        if isClaimed {
          _ = try? await redis.call(
            RedisCommand("UNLINK", RunKeys.ran(job: "\(job)")), retry: .always)
        }
        continue
      }
      out.insert(job)
      forget(job)
    }
    return out
  }

  private static func claim(_ job: JobID) -> [RedisCommand] {
    [
      RedisCommand(
        "SET", RunKeys.ran(job: "\(job)"), "engine withdrew", "NX", "PX", 7 * 86_400_000),
      RedisCommand("EXISTS", OriginalKeys.acquireCount(task: "\(job)")),
    ]
  }
}
