import DequeModule
import Engine
import Glibc
import JSONValue
import JobProtocol
import Logging
import Posix
import Redis
import Workflow

/// Drives a `RunMachine` against the world.
///
/// One loop: take what arrived, turn it into engine inputs, let the machine decide, commit its
/// events together with the Redis commands of their effect, and only then do what is not Redis.
/// Functions that run in the engine are called between deciding and committing; their results are
/// further inputs. A turn is bounded, so that a workflow that never ends by itself still hears its
/// user.
actor RunEngine {
  let plan: RunPlan
  private var machine: RunMachine
  private let journal: Journal
  let redis: RedisClient
  private let invoker: any JobInvoker
  let messages: JobMessageBuilder
  let javaScript: JavaScriptHost
  private var recorder: RunRecorder?
  private let inbox: Inbox<EngineMessage>
  let host: HostLoop
  private let watchers: WatcherRegister
  let completions: CompletionCollector
  let observer: any RunObserver
  private let log: Logger

  var inputs: Deque<EngineInput> = []
  /// Jobs whose executor is gone; a report may still be on its way.
  private var suspects: [JobID: String] = [:]
  private var knownWorkers: Set<String> = []
  /// What goes into the next commit besides its events.
  var cleanUp: [RedisCommand] = []
  /// Results of functions that take their time.
  private var delayed: [String: [EngineInput]] = [:]
  private var closeIsAsked = false
  private var isClosed = false

  private static let inputsPerTurn = 512
  /// How long a report may be on its way after its executor has ended.
  private static let suspicionMilliseconds = 500
  /// How long a worker may take to end its jobs and leave.
  private static let leaveMilliseconds = 8000

  init(_ parts: EngineParts) {
    plan = parts.plan
    machine = RunMachine(
      workflow: parts.plan.workflow,
      isJob: parts.plan.workflow.processes.map { parts.plan.functions.takesTime($0) },
      options: parts.plan.machineOptions)
    journal = parts.journal
    redis = parts.redis
    invoker = parts.invoker
    messages = parts.messages
    javaScript = parts.javaScript
    recorder = parts.recorder
    inbox = parts.inbox
    host = parts.host
    watchers = parts.watchers
    completions = parts.completions
    observer = parts.observer
    log = parts.log
  }

  /// Runs to the end; returns how the run stands then.
  func run() async throws(RunnerError) -> RunStatus {
    inputs.append(.start(plan.info))
    for signal in plan.inputsToSend { inputs.append(.signal(signal, .bare)) }
    host.after(milliseconds: Journal.leaseMilliseconds / 3, .lease)
    while !isClosed {
      let arrived = inputs.isEmpty ? await inbox.next() : inbox.takeAll()
      var news: [EngineInput] = []
      for message in arrived { news += try await translate(message) }
      for input in news.reversed() { inputs.prepend(input) }
      try await takeTurn()
      try await closeWhenOver()
    }
    return machine.status
  }
}

// MARK: - One turn

extension RunEngine {
  /// What a turn has to do in the world.
  private struct Deeds {
    var events: [RunEvent] = []
    var jobs: [Job] = []
    var calls: [(attempt: AttemptID, request: JavaScriptCall)] = []
    var cancellations: [AttemptID] = []
    var pauses: [(process: ProcessID, until: Int)] = []
    var logs: [RedisCommand] = []
    var taken: [JobID] = []
    var ended: [JobID] = []
    var completed: [String] = []
  }

  private func takeTurn() async throws(RunnerError) {
    var deeds = Deeds()
    var budget = Self.inputsPerTurn
    while budget > 0, let input = inputs.popFirst() {
      budget -= 1
      apply(input, &deeds)
    }
    try await commit(deeds)
    await carryOut(deeds)
  }

  private func apply(_ input: EngineInput, _ deeds: inout Deeds) {
    let turn = machine.handle(input, at: Clock.wallMilliseconds)
    recorder?.note(turn)
    deeds.events += turn.events
    for event in turn.events { noteJob(event, &deeds) }
    for command in turn.commands {
      switch command {
      case .execute(let work): execute(work, &deeds)
      case .cancel(let attempt): deeds.cancellations.append(attempt)
      case .wait(let process, let time): deeds.pauses.append((process, time))
      case .withdraw, .schedule, .pause, .setSlots: break
      }
    }
  }

  private func noteJob(_ event: RunEvent, _ deeds: inout Deeds) {
    switch event.change {
    case .jobTaken(let attempt, _), .jobStarted(let attempt, _, _):
      deeds.taken.append(messages.jobID(attempt))
    case .jobFinished(let attempt, let outcome, _, _):
      guard plan.runsAsJob(attempt.firing.process) else { return }
      let job = messages.jobID(attempt)
      suspects[job] = nil
      deeds.ended.append(job)
      if outcome == .succeeded { deeds.completed.append("\(job)") }
    default: break
    }
  }

  private func execute(_ work: Work, _ deeds: inout Deeds) {
    let process = plan.workflow[work.attempt.firing.process]
    let firing = work.attempt.firing
    if let outputs = plan.recovery?.outputs(of: firing, process) {
      inputs.append(.finished(work.attempt, .succeeded, JobUsage(), outputs: outputs))
      return
    }
    switch plan.functions.source(of: process) {
    case .job: deeds.jobs.append(messages.job(for: work))
    case .javaScript(let module):
      deeds.calls.append((work.attempt, javaScriptCall(of: work, module: module)))
    case .builtIn(let body): evaluate(body, work, process, &deeds)
    }
  }

  private func evaluate(
    _ body: BuiltInFunctions.Body, _ work: Work, _ process: Workflow.Process, _ deeds: inout Deeds
  ) {
    let job = "\(messages.jobID(work.attempt))"
    let result = body(
      FunctionCall(
        work, of: process, job: job, in: plan.workflow, directory: plan.info.directory))
    if !result.printed.isEmpty {
      deeds.logs += FunctionLog.commands(job: job, lines: result.printed)
      observer.printed(result.printed, by: work.attempt.firing)
    }
    var consequences = [result.input(for: work.attempt)]
    if result.endsRun { consequences.append(.finish) }
    guard result.delayMilliseconds > 0 else { return inputs.append(contentsOf: consequences) }
    delayed[job] = consequences
    host.after(milliseconds: result.delayMilliseconds, .delayed(job: job))
  }

  private func commit(_ deeds: Deeds) async throws(RunnerError) {
    var commands = invoker.submission(of: deeds.jobs) + deeds.logs + cleanUp
    if !deeds.completed.isEmpty {
      commands.append(RedisCommand(["SADD", plan.completedKey] + deeds.completed))
    }
    cleanUp = []
    guard !deeds.events.isEmpty || !commands.isEmpty else { return }
    try await journal.commit(deeds.events, with: commands)
    observer.happened(deeds.events)
    if recorder?.flush() == false { recorder = nil }
  }

  private func carryOut(_ deeds: Deeds) async {
    for pause in deeds.pauses {
      host.after(
        milliseconds: max(0, pause.until - Clock.wallMilliseconds),
        .interval(process: pause.process.number))
    }
    if !deeds.taken.isEmpty { await invoker.taken(deeds.taken) }
    if !deeds.jobs.isEmpty { hear(await invoker.launch(deeds.jobs)) }
    for call in deeds.calls { await self.call(call.attempt, call.request) }
    if !deeds.ended.isEmpty { hear(await invoker.ended(deeds.ended)) }
    for attempt in deeds.cancellations { await cancel(attempt) }
    if !deeds.jobs.isEmpty { completions.jobsAreOut() }
  }

  private func cancel(_ attempt: AttemptID) async {
    let job = messages.jobID(attempt)
    let wasDelayed = delayed.removeValue(forKey: "\(job)") != nil
    let wasCalled = await drop("\(job)") != nil
    if wasDelayed || wasCalled {
      inputs.append(.finished(attempt, .failed(.cancelled), JobUsage(), outputs: nil))
      return
    }
    do throws(RedisError) {
      if try await invoker.cancel(job) { return }
      inputs.append(.finished(attempt, .failed(.cancelled), JobUsage(), outputs: nil))
    } catch {
      log.error("cannot cancel \(job): \(error)")
    }
  }
}

// MARK: - What arrives

extension RunEngine {
  private func translate(_ message: EngineMessage) async throws(RunnerError) -> [EngineInput] {
    switch message {
    case .reports(let reports, let id):
      trim(plan.keys.reports, upTo: id)
      return reports.compactMap(translate)
    case .control(let requests, let id):
      trim(plan.keys.control, upTo: id)
      return requests.flatMap(inputs)
    case .completions(let entries, let id):
      trim(plan.keys.completions, upTo: id)
      return await completed(entries.map { ($0.task, [$0.code]) })
    case .pendingCompletions: return await collectCompletions()
    case .host(let event): return try await translate(event)
    case .javaScript(let event):
      // After the beginnings of its calls, which are there already.
      inputs.append(contentsOf: await translate(event))
      return []
    case .news(let news):
      hear(news)
      return []
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
      return attempt(job).map { .finished($0, outcome, usage, outputs: nil) }
    case .heartbeat(let health, _):
      guard knownWorkers.insert(health.executor.name).inserted else { return nil }
      return .workerJoined(health.executor, slots: health.slots)
    case .gone(let worker, _):
      guard knownWorkers.remove(worker) != nil else { return nil }
      return .workerGone(name: worker, reason: "it left")
    case .refused(let job, let executor, let reason, _):
      log.warning("\(executor.name) refused \(job): \(reason)")
      return nil
    }
  }

  /// A request for several tasks is as many inputs: each turn's first event then tells its input.
  private func inputs(_ request: ControlRequest) -> [EngineInput] {
    switch request {
    case .retry(let tasks, let scope):
      return tasks.map { .retry(FiringID($0), nil, scope) }
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
    case .drain, .leave: return []
    case .close:
      closeIsAsked = true
      return []
    }
  }

  private func translate(_ event: HostLoop.Event) async throws(RunnerError) -> [EngineInput] {
    switch event {
    case .signal(SIGHUP): return []
    case .signal(let number):
      log.notice("stopping: signal \(UnixSignalName.text(Int(number)))")
      return [.stop]
    case .childEnded(let child, let status):
      if let news = await invoker.childEnded(child, status) { hear(news) }
      let name = "\(Environment.hostName)-\(child.pid)"
      guard knownWorkers.remove(name) != nil else { return [] }
      return [.workerGone(name: name, reason: "it \(status.text)")]
    case .deadline(.interval(let process)):
      return [.intervalPassed(ProcessID(number: process))]
    case .deadline(.lease):
      try await journal.renewLease()
      host.after(milliseconds: Journal.leaseMilliseconds / 3, .lease)
      return []
    case .deadline(.watchers): return []
    case .deadline(.completions): return await collectCompletions()
    case .deadline(.report(let text)): return await giveUp(text)
    case .deadline(.delayed(let job)): return delayed.removeValue(forKey: job) ?? []
    case .deadline(.function(let job, let seconds)): return await functionIsLate(job, seconds)
    case .deadline(.node):
      await javaScript.killIfDeaf()
      return []
    }
  }

  /// The executor is gone and its report did not come in time: the job is lost.
  private func giveUp(_ text: String) async -> [EngineInput] {
    let late = await collectCompletions()
    if !late.isEmpty { return late }
    guard let job = JobID(parsing: text), let reason = suspects.removeValue(forKey: job) else {
      return []
    }
    let attempt = AttemptID(FiringID(job.task), job.attempt)
    return [.finished(attempt, .failed(.lost(reason)), JobUsage(), outputs: nil)]
  }

  private func hear(_ news: InvokerNews) {
    for started in news.started {
      guard let attempt = attempt("\(started.job)") else { continue }
      inputs.append(.jobTaken(attempt, started.executor))
      inputs.append(.jobStarted(attempt, started.executor, pid: started.executor.pid))
    }
    for lost in news.lost {
      suspects[lost.job] = lost.reason
      host.after(milliseconds: Self.suspicionMilliseconds, .report(job: "\(lost.job)"))
    }
  }

  /// The attempt that a report names, if it is one of this run.
  private func attempt(_ text: String) -> AttemptID? {
    guard let job = JobID(parsing: text), job.task.run == plan.run,
      job.task.workflow == plan.workflowNumber
    else {
      log.warning("ignored a report of a job that is not of this run: \(text.prefix(80))")
      return nil
    }
    return AttemptID(FiringID(job.task), job.attempt)
  }

  private func collectCompletions() async -> [EngineInput] {
    do throws(RedisError) {
      let found = try await completions.collect()
      cleanUp += found.cleanUp
      return await completed(found.results)
    } catch {
      log.error("cannot read completions: \(error)")
      return []
    }
  }

  /// A foreign executor reports nothing but exit codes, as a set. Jobs that a function made are its
  /// own affair.
  private func completed(_ results: [(task: String, codes: [String])]) async -> [EngineInput] {
    var ends: [EngineInput] = []
    for (task, codes) in results {
      if let id = JobID(parsing: task), let attempt = attempt(task), plan.isJob(id) {
        let outcome = CompletionCollector.outcome(of: codes)
        ends.append(.finished(attempt, outcome, JobUsage(), outputs: nil))
      } else {
        await deliver(task: task, codes: codes)
      }
    }
    return ends
  }

  /// What is committed needs not be read again.
  private func trim(_ stream: String, upTo id: String) {
    if let next = RedisStreamID.next(after: id) {
      cleanUp.append(RedisCommand("XTRIM", stream, "MINID", next))
    }
  }
}

// MARK: - The end

extension RunEngine {
  /// A run that can go no further stays open while somebody watches it.
  private func closeWhenOver() async throws(RunnerError) {
    guard machine.isSettled, inputs.isEmpty, suspects.isEmpty else { return }
    if !closeIsAsked {
      do throws(RedisError) {
        if try await watchers.areThere() {
          return host.after(milliseconds: WatcherRegister.lookMilliseconds, .watchers)
        }
      } catch {
        log.error("cannot tell who watches: \(error)")
      }
    }
    var deeds = Deeds()
    apply(.close, &deeds)
    try await commit(deeds)
    isClosed = true
  }

  /// Waits, after the invoker was told to stop, until its workers have left or a grace is over.
  func waitForChildren() async {
    host.after(milliseconds: Self.leaveMilliseconds, .watchers)
    while !knownWorkers.isEmpty {
      for message in await inbox.next() {
        guard case .host(let event) = message else { continue }
        switch event {
        case .childEnded(let child, let status):
          _ = await invoker.childEnded(child, status)
          knownWorkers.remove("\(Environment.hostName)-\(child.pid)")
        case .deadline(.watchers): knownWorkers = []
        case .deadline, .signal: break
        }
      }
    }
  }
}
