import DequeModule
import Engine
import JSONValue
import JobProtocol
import Logging
import Posix
import Redis
import Runs
import Workflow

/// One turn: inputs, events, commit, effects.
extension RunEngine {
  /// A turn stops reading messages at this number of inputs.
  private static let inputsPerTurn = 512
  /// How many consequences of earlier inputs a turn handles.
  private static let consequencesPerTurn = 4096
  /// At this number of events, a turn lets no further tasks fire; the next turn does.
  private static let eventsPerTurn = 2000

  /// At this number, jobs that were cancelled before an executor had them end in one event.
  private static let endsInOneInput = 100

  /// What a turn has to do outside the machine.
  struct TurnEffects {
    var events: [RunEvent] = []
    var jobs: [SubmittedJob] = []
    var calls: [(attempt: AttemptID, request: JavaScriptCall)] = []
    var cancellations: [AttemptID] = []
    var withdrawals: [AttemptID] = []
    var pauses: [(process: ProcessID, until: Int)] = []
    var retries: [(attempt: AttemptID, at: Int)] = []
    var queuePauses: [Bool] = []
    var slots: Int?
    var logs: [RedisCommand] = []
    var taken: [JobID] = []
    var ended: [JobID] = []
    var lost: [JobID] = []
    /// Jobs that have ended and have output in Redis.
    var written: [JobID] = []
    var completed: [String] = []
  }

  func readMessages() async throws(RunnerError) {
    finishedInRedis = nil
    needsTurn = false
    while arrivals.count < Self.inputsPerTurn, !needsTurn,
      let message = unreadMessages.popFirst()
    {
      arrivals += try await translate(message)
    }
  }

  func runTurn() async throws(RunnerError) {
    var effects = TurnEffects()
    effects.events = notices.map { RunEvent(time: Clock.steadyMilliseconds, .notice($0)) }
    notices = []
    let news = arrivals
    arrivals = []
    for input in news { apply(input, &effects) }
    var budget = Self.consequencesPerTurn
    while budget > 0, let input = inputs.popFirst() {
      budget -= 1
      apply(input, &effects)
    }
    while machine.mayProceed, inputs.isEmpty, effects.events.count < Self.eventsPerTurn {
      apply(.proceed, &effects)
    }
    try await commit(effects)
    removeLeftResults()
    await carryOut(effects)
  }

  func apply(_ input: EngineInput, _ effects: inout TurnEffects) {
    // Each report of a turn might let a thousand tasks fire. Those that do not fit into the commit
    // fire in the next turn.
    let firings = (max(0, Self.eventsPerTurn - effects.events.count) + 1) / 2
    let turn = machine.handle(
      resolved(input), at: Clock.steadyMilliseconds, firingAtMost: firings)
    recorder?.record(turn)
    effects.events += turn.events
    for event in turn.events {
      recordJob(event, &effects)
      recordLog(event, &effects)
    }
    for command in turn.commands { add(command, &effects) }
  }

  /// A job that was taken out of the queue because its task is held, and that has been cancelled
  /// since, is over: no executor will report its end.
  private func resolved(_ input: EngineInput) -> EngineInput {
    guard case .withdrawn(let attempt) = input, machine.isCancelling(attempt) else { return input }
    return .finished(attempt, .failed(.cancelled), JobUsage(), outputs: nil)
  }

  func add(_ command: MachineCommand, _ effects: inout TurnEffects) {
    switch command {
    case .execute(let work): execute(work, &effects)
    case .cancel(let attempt): effects.cancellations.append(attempt)
    case .withdraw(let attempt): effects.withdrawals.append(attempt)
    case .wait(let process, let time): effects.pauses.append((process, time))
    case .schedule(let attempt, let time): effects.retries.append((attempt, time))
    case .pause(let on): effects.queuePauses.append(on)
    case .setSlots(let count): effects.slots = count
    }
  }

  private func recordJob(_ event: RunEvent, _ effects: inout TurnEffects) {
    switch event.change {
    case .jobTaken(let attempt, _): effects.taken.append(messages.jobID(attempt))
    case .jobStarted(let attempt, _, _):
      effects.taken.append(messages.jobID(attempt))
      pendingReasons.forget(attempt)
      watchTime(of: attempt)
    case .jobFinished(let attempt, let outcome, _, _):
      guard plan.runsAsJob(attempt.firing.process) else { return }
      let job = messages.jobID(attempt)
      effects.logs += reportedEnds.removeValue(forKey: job)?.cleanUp ?? []
      overdue[attempt] = nil
      pendingReasons.forget(attempt)
      effects.ended.append(job)
      if outcome == .succeeded { effects.completed.append("\(job)") }
      if case .failed(.lost) = outcome { effects.lost.append(job) }
    case .jobsCancelled(let list) where !reportedEnds.isEmpty || !overdue.isEmpty:
      for attempt in machine.attempts(in: list) {
        effects.logs += reportedEnds.removeValue(forKey: messages.jobID(attempt))?.cleanUp ?? []
        overdue[attempt] = nil
      }
    default: break
    }
  }

  func execute(_ work: Work, _ effects: inout TurnEffects) {
    let process = plan.workflow[work.attempt.firing.process]
    let firing = work.attempt.firing
    if let outputs = plan.recovery?.outputs(of: firing, process) {
      inputs.append(.finished(work.attempt, .succeeded, JobUsage(), outputs: outputs))
      return
    }
    // A user who retries the task wants it to run.
    if let stamps = plan.unchanged[firing], work.attempt.number == 1 {
      var usage = JobUsage()
      usage.fileStamps = stamps
      usage.lastLine = "not run: unchanged since it last succeeded"
      inputs.append(.finished(work.attempt, .succeeded, usage, outputs: nil))
      return
    }
    switch plan.functions.source(of: process) {
    case .job: submit(messages.job(for: work, now: Clock.wallMilliseconds), &effects)
    case .javaScript(let module):
      effects.calls.append((work.attempt, javaScriptCall(of: work, module: module)))
    case .builtIn(let body): evaluate(body, work, process, &effects)
    }
  }

  /// A message that is too long for Redis fails its job: Redis would never accept it.
  private func submit(_ job: SubmittedJob, _ effects: inout TurnEffects) {
    if let reason = sizeError(of: job.message.count, "its job message") {
      inputs.append(
        .finished(job.attempt, .failed(.error(reason)), JobUsage(), outputs: nil))
    } else {
      effects.jobs.append(job)
    }
  }

  /// Why Redis cannot store a value of `size` bytes; `nil` if it can.
  func sizeError(of size: Int, _ value: String) -> String? {
    guard size > plan.longestValue else { return nil }
    return "\(value) has \(size) bytes, and Redis takes at most \(plan.longestValue) "
      + "(proto-max-bulk-len, client-query-buffer-limit)"
  }

  private func evaluate(
    _ body: BuiltInFunctions.Body, _ work: Work, _ process: Workflow.Process,
    _ effects: inout TurnEffects
  ) {
    let job = "\(messages.jobID(work.attempt))"
    let result = body(
      FunctionCall(
        work, of: process, job: job, in: plan.workflow, directory: messages.directory.path))
    if !result.printed.isEmpty {
      effects.logs += FunctionLog.commands(job: job, lines: result.printed)
      functionLogs.insert(messages.jobID(work.attempt))
      observer.printed(result.printed, by: work.attempt.firing)
    }
    var consequences = [result.input(for: work.attempt)]
    if result.endsRun { consequences.append(.finish) }
    guard result.delayMilliseconds > 0 else { return inputs.append(contentsOf: consequences) }
    delayed[job] = consequences
    host.after(milliseconds: result.delayMilliseconds, .delayed(job: job))
  }

  func commit(_ effects: TurnEffects) async throws(RunnerError) {
    var commands = invokers.submission(of: effects.jobs) + effects.logs + cleanUp
    if !effects.completed.isEmpty {
      commands.append(RedisCommand(["SADD", plan.completedKey] + effects.completed))
    }
    // Tells executors that come back that their attempts were given up.
    if !effects.lost.isEmpty {
      commands.append(
        RedisCommand(["SADD", plan.keys.cancelled] + effects.lost.map { "\($0)" }))
    }
    if effects.queuePauses.last == true { commands += invokers.pauseCommands() }
    cleanUp = []
    guard !effects.events.isEmpty || !commands.isEmpty else { return }
    try await journal.commit(effects.events, with: commands)
    let before = RunStatusFile.Word(tally)
    committed(effects.events)
    if RunStatusFile.Word(tally) != before { try await journal.commit([], with: [standing]) }
    if recorder?.flush() == false { recorder = nil }
  }

  /// Stores the run's status for lists of runs.
  var standing: RedisCommand {
    RedisCommand("HSET", plan.keys.info, "status", RunStatusFile(tally, machine.counts).json.bytes)
  }

  func committed(_ events: [RunEvent]) {
    var isWorthWriting = false
    for event in events {
      tally.apply(event)
      switch event.change {
      case .engineStarted, .runSettled, .runFinished: isWorthWriting = true
      default: break
      }
    }
    observer.committed(events)
    if isWorthWriting { statusWriter.write(RunStatusFile(tally, machine.counts)) }
  }

  /// Notices that the jobs' directory was moved or deleted during the run.
  func checkForMove() {
    let path = messages.directory.path
    let place = Files.isDirectory(path) ? path : nil
    guard place != jobPlace else { return }
    jobPlace = place
    notices.append(
      place.map { "the directory of the jobs is \($0) now: they continue there" }
        ?? "\(path) is gone: no job can start there until it is back")
  }

  func carryOut(_ effects: TurnEffects) async {
    let now = Clock.steadyMilliseconds
    for pause in effects.pauses {
      host.after(milliseconds: max(0, pause.until - now), .interval(process: pause.process.number))
    }
    for retry in effects.retries {
      host.after(milliseconds: max(0, retry.at - now), .retry(retry.attempt))
    }
    if let on = effects.queuePauses.last { invokers.pause(on) }
    if let slots = effects.slots { invokers.setSlots(slots) }
    invokers.taken(effects.taken)
    invokers.submit(effects.jobs)
    for call in effects.calls { await self.call(call.attempt, call.request) }
    invokers.ended(effects.ended)
    withdraw(effects.withdrawals, besides: effects.cancellations)
    await cancel(effects.cancellations)
    if !effects.jobs.isEmpty { completions.jobsSubmitted() }
    await limitLogs(effects.written)
  }

  /// Withdraws jobs, except those that are also being cancelled. A refused job is in no queue, so
  /// it is withdrawn at once.
  private func withdraw(_ attempts: [AttemptID], besides cancelled: [AttemptID]) {
    let cancelled = Set(cancelled)
    var jobs: [JobID] = []
    for attempt in attempts where !cancelled.contains(attempt) {
      if refused.remove(attempt) != nil {
        inputs.append(.withdrawn(attempt))
      } else {
        jobs.append(messages.jobID(attempt))
      }
    }
    invokers.withdraw(jobs)
  }

  /// Cancels attempts. The invokers' news names the jobs that they could take back; executors
  /// report the end of the others.
  func cancel(_ attempts: [AttemptID]) async {
    var jobs: [JobID] = []
    var over: [AttemptID] = []
    for attempt in attempts {
      let job = messages.jobID(attempt)
      if refused.remove(attempt) != nil {
        over.append(attempt)
      } else if plan.runsAsJob(attempt.firing.process) {
        jobs.append(job)
      } else if await endFunction(job) {
        over.append(attempt)
      }
    }
    invokers.cancel(jobs)
    inputs.append(contentsOf: Self.cancellations(of: over))
  }

  /// The inputs that end cancelled attempts that no executor had.
  static func cancellations(of attempts: [AttemptID]) -> [EngineInput] {
    attempts.count >= endsInOneInput
      ? [.cancelled(AttemptList(attempts))]
      : attempts.map { .finished($0, .failed(.cancelled), JobUsage(), outputs: nil) }
  }

  /// Ends a function. Returns whether it was still running.
  private func endFunction(_ job: JobID) async -> Bool {
    let wasDelayed = delayed.removeValue(forKey: "\(job)") != nil
    let wasCalled = await abandon("\(job)") != nil
    return wasDelayed || wasCalled
  }
}
