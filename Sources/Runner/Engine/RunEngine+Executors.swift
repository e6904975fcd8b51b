import Engine
import JobProtocol
import Logging
import Posix
import Redis
import Runs
import Workflow

/// Executors that join, are lost, or take too long.
extension RunEngine {
  /// How long a worker may send no heartbeat before its key is checked. After an outage of Redis, a
  /// worker may still be reconnecting, so it is lost only if its key is missing twice in a row.
  private static let silenceMilliseconds = 12_000
  private static let silencesAllowed = 1
  /// How long a foreign executor may take to end a job that has exceeded its time limit.
  private static let overtimeMilliseconds = 10_000

  /// Translates the news of an invoker into inputs, in the order of a job's life.
  func translate(_ news: InvokerNews) throws(RunnerError) -> [EngineInput] {
    notices += news.notices
    var inputs: [EngineInput] = []
    for accepted in news.accepted {
      inputs.append(.jobAccepted(AttemptID(accepted.job), nativeID: accepted.nativeID))
    }
    for pending in news.pending { inputs += wait(AttemptID(pending.job), pending.reason) }
    inputs += news.refused.flatMap(refuse)
    for started in news.started {
      let attempt = AttemptID(started.job)
      inputs.append(.jobTaken(attempt, started.executor))
      inputs.append(.jobStarted(attempt, started.executor, pid: started.executor.pid))
    }
    inputs += withdrawnInputs(news.withdrawn.map { AttemptID($0) })
    inputs += news.kept.map { .release(FiringID($0.task)) }
    awaitReports(of: news.ended)
    inputs += news.allocations.map { .allocationChanged($0) }
    inputs += loseWorkers(news)
    if let failure = news.failure { throw failure }
    return inputs
  }

  /// Journals a reason for which a job is pending, unless it only repeats the last one.
  private func wait(_ attempt: AttemptID, _ reason: String) -> [EngineInput] {
    pendingReasons.isNew(reason, of: attempt, at: Clock.monotonicMilliseconds)
      ? [.jobPending(attempt, reason: reason)] : []
  }

  private func refuse(_ refusal: InvokerNews.Refused) -> [EngineInput] {
    let attempt = AttemptID(refusal.job)
    guard machine.isActive(attempt) else { return [] }
    if machine.isCancelling(attempt) { return Self.cancellations(of: [attempt]) }
    guard let milliseconds = refusal.retryMilliseconds else {
      return [.finished(attempt, .failed(.refused(refusal.reason)), JobUsage(), outputs: nil)]
    }
    refused.insert(attempt)
    host.after(milliseconds: milliseconds, .resubmission(attempt))
    return wait(attempt, refusal.reason)
  }

  /// Submits a job again that its invoker has refused.
  func submitAgain(_ attempt: AttemptID) {
    guard refused.remove(attempt) != nil, machine.isActive(attempt) else { return }
    let work = machine.work(of: attempt)
    invokers.submit([messages.job(for: work, now: Clock.wallMilliseconds)])
  }

  /// Jobs that were withdrawn before an executor had them: if they were to be cancelled they have
  /// ended, else their tasks are held.
  private func withdrawnInputs(_ attempts: [AttemptID]) -> [EngineInput] {
    var cancelled: [AttemptID] = []
    var held: [EngineInput] = []
    for attempt in attempts {
      if machine.isCancelling(attempt) {
        cancelled.append(attempt)
      } else {
        held.append(.withdrawn(attempt))
      }
    }
    return Self.cancellations(of: cancelled) + held
  }

  /// An invoker says that these jobs have ended. Their executors' reports may still be on their
  /// way, so the engine waits for them first.
  private func awaitReports(of ends: [InvokerNews.Ended]) {
    for end in ends {
      reportedEnds[end.job] = end
      host.after(milliseconds: reportWaitMilliseconds, .report(job: "\(end.job)"))
    }
  }

  private func loseWorkers(_ news: InvokerNews) -> [EngineInput] {
    var inputs: [EngineInput] = []
    for end in news.endedWorkers {
      for (place, name) in end.names.enumerated() {
        endedWorkers.insert(name)
        awaitReports(of: missing(from: news, of: name))
        let wasKnown = knownWorkers.removeValue(forKey: name) != nil
        let isShown = wasKnown || place == 0 && !end.mayBeUnknown
        if isShown { inputs.append(.workerGone(name: name, reason: end.reason)) }
      }
    }
    for name in news.goneWorkers where knownWorkers.removeValue(forKey: name) != nil {
      awaitReports(of: missing(from: news, of: name))
      inputs.append(.workerGone(name: name, reason: "it sends no heartbeat"))
    }
    for name in news.livingWorkers where knownWorkers[name] != nil {
      knownWorkers[name] = 0
      host.after(milliseconds: Self.silenceMilliseconds, .heartbeat(worker: name))
    }
    return inputs
  }

  /// No report of a job that has ended came in time: the job is lost, unless its result is in
  /// Redis or on disk.
  func giveUp(_ text: String) async -> [EngineInput] {
    let late = await collectCompletions()
    guard let job = JobID(parsing: text), let end = reportedEnds[job] else { return late }
    let attempt = AttemptID(job)
    guard machine.isActive(attempt) else {
      // It has ended in another way.
      cleanUp += end.cleanUp
      reportedEnds[job] = nil
      return late
    }
    let isEnding = (arrivals + late).contains { input in
      if case .finished(attempt, _, _, _) = input { true } else { false }
    }
    if isEnding { return late }
    switch await hasReport(job) {
    case true?: return late
    case false?:
      killOrphans()
      guard let left = readLeftResults() else { break }
      let isKept = left.contains { input in
        if case .finished(attempt, _, _, _) = input { true } else { false }
      }
      // A foreign executor that gets TERM may end without a report.
      let outcome = engineOutcome(of: attempt, reported: .failed(end.cause))
      let loss = EngineInput.finished(attempt, outcome, JobUsage(), outputs: nil)
      return late + left + (isKept ? [] : [loss])
    case nil: break
    }
    // If Redis or the files cannot be read, keep the job: its report may be there.
    host.after(milliseconds: reportWaitMilliseconds, .report(job: text))
    return late
  }

  /// Kills what still runs of the jobs that have ended, once in each turn.
  private func killOrphans() {
    guard !hasKilledOrphans else { return }
    hasKilledOrphans = true
    var orphans: [String: RunProcesses.OrphanedJob] = [:]
    for (job, lost) in reportedEnds {
      let attempt = AttemptID(job)
      var orphan = RunProcesses.OrphanedJob()
      if let holder = tally.holders[attempt], holder.executor.host == Environment.hostName {
        orphan.group = holder.pid
        orphan.executors.insert(holder.executor.pid)
      }
      if let pid = lost.executor { orphan.executors.insert(pid) }
      orphans["\(job)"] = orphan
    }
    RunProcesses.killOrphans(orphans)
  }

  /// Jobs that the worker has taken according to the journal, but that are missing in its list: the
  /// list may be damaged.
  private func missing(from news: InvokerNews, of worker: String) -> [InvokerNews.Ended] {
    let listed = Set(news.ended.map(\.job))
    let taken = machine.outstanding.attempts.filter { $0.isTaken }.map(\.work.attempt)
    let had = taken.filter { tally.holders[$0]?.executor.name == worker }
    let jobs = had.map { messages.jobID($0) }.filter { !listed.contains($0) }
    return jobs.map { .lost($0, "its worker is gone") }
  }

  /// Whether the end of a job is in a stream of Redis that has not been read yet; `nil` if Redis
  /// does not answer. One reading serves all jobs of a turn, because their executors were gone
  /// before it.
  private func hasReport(_ job: JobID) async -> Bool? {
    if let finishedInRedis { return finishedInRedis.contains("\(job)") }
    do throws(RedisError) {
      var found = try await texts("j", in: plan.keys.reports) { $0.string("k") == "finished" }
      found.formUnion(try await texts("taskId", in: plan.keys.completions) { _ in true })
      finishedInRedis = found
      return found.contains("\(job)")
    } catch {
      log.error("cannot look for the report of \(job): \(error)")
      return nil
    }
  }

  /// The values of a field in the entries of a stream, which is read in pages.
  private func texts(
    _ field: String, in stream: String, where isWanted: (StreamEntry) -> Bool
  ) async throws(RedisError) -> Set<String> {
    var found: Set<String> = []
    var start = "-"
    while true {
      let reply = try await redis.call(
        RedisCommand("XRANGE", stream, start, "+", "COUNT", 1000), retry: .always)
      let entries = RedisStreamReader.decodeRange(reply, stream: stream)
      guard let last = entries.last else { return found }
      for entry in entries where isWanted(entry) {
        if let text = entry.string(field) { found.insert(text) }
      }
      start = "(\(last.id)"
    }
  }

  // MARK: Heartbeats

  func receiveHeartbeat(_ health: WorkerHealth) -> EngineInput? {
    let name = health.executor.name
    // The last heartbeat may arrive after the operating system has reported the worker's exit.
    if endedWorkers.contains(name) { return nil }
    noticeProblem(of: health)
    let isNew = knownWorkers.updateValue(0, forKey: name) == nil
    host.after(milliseconds: Self.silenceMilliseconds, .heartbeat(worker: name))
    return isNew ? .workerJoined(health.executor, slots: health.slots) : nil
  }

  /// A heartbeat may say why the worker cannot take jobs; each change becomes a notice.
  private func noticeProblem(of health: WorkerHealth) {
    let name = health.executor.name
    let problem = health.problem.isEmpty ? nil : health.problem
    guard workerProblems[name] != problem else { return }
    workerProblems[name] = problem
    notices.append(
      problem.map { "worker \(name) cannot take jobs: \($0)" }
        ?? "worker \(name) can take jobs again")
  }

  /// A heartbeat of the worker is overdue.
  func checkHeartbeat(of worker: String) async {
    guard let silences = knownWorkers[worker] else { return }
    do throws(RedisError) {
      guard silences >= Self.silencesAllowed else {
        let isAlive = try await redis.call(
          RedisCommand("EXISTS", PoolKeys(plan.run.text).alive(worker)), retry: .always)
        knownWorkers[worker] = isAlive.integer == 1 ? 0 : silences + 1
        return host.after(milliseconds: Self.silenceMilliseconds, .heartbeat(worker: worker))
      }
      // The invoker's news says whether the worker is alive.
      invokers.checkWorker(worker)
    } catch {
      log.error("cannot tell whether \(worker) lives: \(error)")
      host.after(milliseconds: Self.silenceMilliseconds, .heartbeat(worker: worker))
    }
  }

  // MARK: Time limits

  /// Sets a deadline for a job of a foreign executor. Our own executors enforce the limit
  /// themselves.
  func watchTime(of attempt: AttemptID) {
    guard plan.executorsAreForeign, plan.runsAsJob(attempt.firing.process) else { return }
    let process = plan.workflow[attempt.firing.process]
    let edited = machine.edit(of: attempt.firing)?.timeout
    guard let seconds = edited ?? process.timeout, seconds > 0 else { return }
    let milliseconds = Int(min(seconds * 1000, 1e12))
    host.after(milliseconds: milliseconds, .timeout(attempt, seconds: seconds))
  }

  func endOverdue(_ attempt: AttemptID, _ seconds: Double) {
    guard machine.isActive(attempt) else { return }
    overdue[attempt] = seconds
    host.after(milliseconds: Self.overtimeMilliseconds, .overtime(attempt))
    invokers.cancel([messages.jobID(attempt)])
  }

  func giveUpOverdue(_ attempt: AttemptID) -> [EngineInput] {
    guard let seconds = overdue.removeValue(forKey: attempt) else { return [] }
    return [.finished(attempt, .failed(.timeout(seconds: seconds)), JobUsage(), outputs: nil)]
  }

  /// The outcome of an attempt that the engine has ended. Foreign executors report only an exit
  /// code for a job that was cancelled or timed out.
  func engineOutcome(of attempt: AttemptID, reported outcome: JobOutcome) -> JobOutcome {
    guard outcome != .succeeded else { return outcome }
    if let seconds = overdue[attempt] { return .failed(.timeout(seconds: seconds)) }
    let isCancelled = plan.executorsAreForeign && machine.isCancelling(attempt)
    return isCancelled ? .failed(.cancelled) : outcome
  }
}
