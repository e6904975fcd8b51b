import DequeModule
import Engine
import Glibc
import JSONValue
import JobProtocol
import Logging
import Posix
import Redis
import Runs
import Signing
import Workflow

/// Translates what arrives into inputs of the machine.
extension RunEngine {
  func translate(_ message: EngineMessage) async throws(RunnerError) -> [EngineInput] {
    switch message {
    case .reports(let reports, let id):
      trim(plan.keys.reports, upTo: id)
      return reports.compactMap(translate)
    case .control(let requests): return translate(requests)
    case .completions(let entries, let id):
      trim(plan.keys.completions, upTo: id)
      return await completed(entries.map { ($0.task, [$0.code]) })
    case .pendingCompletions: return await collectCompletions()
    case .host(let event): return try await translate(event)
    case .javaScript(let event):
      // The inputs that say that the calls began are in `inputs` already, and must come first.
      inputs.append(contentsOf: await translate(event))
      return []
    case .notice(let text):
      notices.append(text)
      return []
    case .news(let news): return try translate(news)
    case .failed(let error): throw error
    }
  }

  private func translate(_ report: JobReport) -> EngineInput? {
    switch report {
    case .taken(let job, let executor, _):
      return attempt(job).map { .jobTaken($0, executor) }
    case .started(let job, let executor, let pid, _):
      return attempt(job).map { .jobStarted($0, executor, pid: pid) }
    case .finished(let job, let outcome, let usage, _):
      return attempt(job).flatMap { finished($0, job, outcome, usage) }
    case .heartbeat(let health, _):
      return receiveHeartbeat(health)
    case .gone(let worker, _):
      guard knownWorkers.removeValue(forKey: worker) != nil else { return nil }
      return .workerGone(name: worker, reason: "it left")
    case .refused(let job, let executor, let reason, _):
      notices.append("\(executor.name) did not start \(job): \(reason)")
      return nil
    }
  }

  /// How long the reason may be awaited for which an infrastructure has ended an executor.
  private static let reasonMilliseconds = 3000

  /// An executor that its infrastructure ends reports its job as cancelled, like one that was told
  /// to by us. Nobody here has cancelled it, so it is lost, and the infrastructure's news says why.
  private func finished(
    _ attempt: AttemptID, _ job: String, _ outcome: JobOutcome, _ usage: JobUsage
  ) -> EngineInput? {
    guard isEndedByInfrastructure(attempt, outcome) else {
      return .finished(
        attempt, engineOutcome(of: attempt, reported: outcome), usage, outputs: nil)
    }
    let cause = FailureCause.lost("its executor was told to end")
    delayed[job] = [.finished(attempt, .failed(cause), usage, outputs: nil)]
    host.after(milliseconds: Self.reasonMilliseconds, .delayed(job: job))
    return nil
  }

  /// Whether the executor of a job was told to end, and not by this engine.
  func isEndedByInfrastructure(_ attempt: AttemptID, _ outcome: JobOutcome) -> Bool {
    outcome == .failed(.cancelled) && machine.isActive(attempt) && !machine.isCancelling(attempt)
      && invokers.endsExecutors(of: messages.jobID(attempt))
  }

  // MARK: Requests

  /// Requests take effect in their order. A request that selects tasks by their state waits for the
  /// next turn if an earlier input may change these states. The requests after it wait, too.
  private func translate(_ requests: [(id: String, request: JSON?)]) -> [EngineInput] {
    var all: [EngineInput] = []
    for (index, entry) in requests.enumerated() {
      let waits = !all.isEmpty || !arrivals.isEmpty
      if waits, entry.request.flatMap(ControlRequest.init) == .retryAllFailed {
        unreadMessages.prepend(.control(Array(requests[index...])))
        needsTurn = true
        if index > 0 { trim(plan.keys.control, upTo: requests[index - 1].id) }
        return all
      }
      guard let request = entry.request.flatMap(verifiedRequest) else { continue }
      if case .drain(let worker) = request { drain(worker) }
      if case .workers(let request) = request, let refusal = invokers.steer(request) {
        notices.append(refusal)
      }
      all += inputs(of: request)
    }
    if let last = requests.last { trim(plan.keys.control, upTo: last.id) }
    return all
  }

  /// The request of an entry; `nil` if the entry has no valid request, or if the run has a signing
  /// key and the request is not signed with it.
  private func verifiedRequest(_ json: JSON) -> ControlRequest? {
    var plain = json
    if let key = plan.signingKey {
      do {
        plain = try key.verify(
          control: json, run: plan.run, now: Clock.wallMilliseconds, memory: &replayMemory)
      } catch {
        let requestName = (json["do"]?.string ?? "?").prefix(40)
        notices.append("refused a request (\(requestName)): \(error)")
        log.warning("refused a request (\(requestName)): \(error)")
        return nil
      }
    }
    return ControlRequest(plain)
  }

  /// Makes one input for each task of a request: the first event of each turn must say what its
  /// input was.
  private func inputs(of request: ControlRequest) -> [EngineInput] {
    switch request {
    case .retry(let tasks, let scope): return tasks.map { .retry(FiringID($0), nil, scope) }
    case .retryAllFailed: return machine.failedFirings.map { .retry($0, nil, .alone) }
    case .edit(let task, let edit, let scope): return [.retry(FiringID(task), edit, scope)]
    case .skip(let tasks): return tasks.map { .skip(FiringID($0)) }
    case .cancel(let tasks): return tasks.map { .cancel(FiringID($0)) }
    case .hold(let tasks): return tasks.map { .hold(FiringID($0)) }
    case .release(let tasks): return tasks.map { .release(FiringID($0)) }
    case .holdProcesses(let list): return list.map { .holdProcess(ProcessID(number: $0)) }
    case .releaseProcesses(let list): return list.map { .releaseProcess(ProcessID(number: $0)) }
    case .pause: return [.pause]
    case .continue: return [.continue]
    case .failFast(let on): return [.failFast(on)]
    case .slots(let count): return [.slots(count)]
    case .stop: return [.stop]
    case .drain, .workers, .leave: return []
    case .close:
      closeIsAsked = true
      return []
    }
  }

  private func drain(_ worker: String) {
    invokers.drain(worker)
    notices.append(DrainNotice.text(worker))
  }

  // MARK: The operating system

  private func translate(_ event: HostLoop.Event) async throws(RunnerError) -> [EngineInput] {
    switch event {
    case .signal(SIGHUP): return []
    case .signal(let number) where number == SIGUSR1 || number == SIGUSR2:
      // Batch systems send these signals as a warning before they end a job.
      log.notice("signal \(UnixSignalName.text(Int(number))) is ignored; TERM stops the run")
      return []
    case .signal(let number):
      closesWhenSettled = true
      log.notice("stopping: signal \(UnixSignalName.text(Int(number)))")
      return [.stop]
    // Each child has its own watcher.
    case .childEnded: return []
    case .deadline(let deadline): return try await passed(deadline)
    }
  }

  private func passed(
    _ deadline: HostLoop.Deadline
  ) async throws(RunnerError) -> [EngineInput] {
    switch deadline {
    case .interval(let process): return [.intervalPassed(ProcessID(number: process))]
    case .retry(let attempt): return [.retryDue(attempt)]
    case .lease:
      try await journal.renewLease(with: [standing])
      await limitOpenLogs()
      statusWriter.write(RunStatusFile(tally, machine.counts))
      checkForMove()
      notices += invokers.slowOrderNotices()
      host.after(milliseconds: Journal.leaseMilliseconds / 3, .lease)
      return []
    case .watchers, .begun, .stopping, .server: return []
    case .completions: return await collectCompletions()
    case .report(let text): return await giveUp(text)
    case .heartbeat(let worker):
      await checkHeartbeat(of: worker)
      return []
    case .resubmission(let attempt):
      submitAgain(attempt)
      return []
    case .timeout(let attempt, let seconds):
      endOverdue(attempt, seconds)
      return []
    case .overtime(let attempt): return giveUpOverdue(attempt)
    case .delayed(let job): return delayed.removeValue(forKey: job) ?? []
    case .function(let job, let seconds): return await functionIsLate(job, seconds)
    case .node:
      await javaScript.killIfUnresponsive()
      return []
    }
  }

  /// The attempt that a report names; `nil` if it is not of this run.
  func attempt(_ text: String) -> AttemptID? {
    guard let job = JobID(parsing: text), job.task.run == plan.run,
      job.task.workflow == plan.workflowNumber
    else {
      log.warning("ignored a report of a job that is not of this run: \(text.prefix(80))")
      return nil
    }
    return AttemptID(job)
  }

  func collectCompletions() async -> [EngineInput] {
    do throws(RedisError) {
      let found = try await completions.collect()
      cleanUp += found.cleanUp
      return await completed(found.results)
    } catch {
      log.error("cannot read completions: \(error)")
      return []
    }
  }

  /// A foreign executor reports only exit codes, as a set. Jobs that a JavaScript function has made
  /// go to that function.
  private func completed(_ results: [(task: String, codes: [String])]) async -> [EngineInput] {
    var ends: [EngineInput] = []
    for (task, codes) in results {
      if let id = JobID(parsing: task), let attempt = attempt(task), plan.isJob(id) {
        let outcome = engineOutcome(of: attempt, reported: CompletionCollector.outcome(of: codes))
        ends.append(.finished(attempt, outcome, JobUsage(), outputs: nil))
      } else {
        await deliver(task: task, codes: codes)
      }
    }
    return ends
  }

  /// Trims a stream in the next commit: what is committed need not be read again.
  private func trim(_ stream: String, upTo id: String) {
    if let next = StreamID(parsing: id)?.next {
      cleanUp.append(RedisCommand("XTRIM", stream, "MINID", "\(next)"))
    }
  }
}
