import Glibc
import JSONValue
import JobProtocol
import Posix

/// One job with its process, output and timers. Carries out what its `JobMachine` state machine
/// decides.
final class RunningJob {
  static let graceMilliseconds = 5000

  enum Timer {
    case inputs, files, timeout, grace, drain, group, retryDelay, sample, staging, probe
  }

  let id: String
  /// The message.
  let messageBytes: [UInt8]
  let reporter: Reporter
  private(set) var ending: Ending?
  private(set) var process: JobProcess?
  /// The memory of the process, while there is one.
  var memory: JobMemory?
  var output: JobOutput?
  /// The container of the process, if it has one.
  var container: Container?
  /// While the output is read after the program's exit.
  var drain: Drain?

  let context: ExecutorContext
  let message: JobMessage
  private let gpus: [Int]
  private var machine: JobMachine
  private(set) var plan: JobPlan?
  private var inputs: InputWatch?
  private var budget = LogBudget()
  private var usage = JobUsage()
  var timers: [Timer: Int] = [:]
  /// The pending request for copies of files.
  var staging: (direction: StageRequest.Direction, request: String)?
  private var trace: JobTrace?
  /// The declared files; `nil` for a job without.
  var files: JobFileCheck?
  /// The exit code of the attempt that has ended last.
  private var lastCode = 0

  /// - Parameter gpus: those that the job may use.
  init(
    id: String, message: JobMessage, bytes: [UInt8], context: ExecutorContext, gpus: [Int] = []
  ) {
    self.id = id
    self.gpus = gpus
    self.message = message
    messageBytes = bytes
    self.context = context
    reporter = Reporter(
      job: id, transport: message.completionTransport, version: message.version)
    let settings = context.settings
    // Retries of our engine's jobs are counted by the engine.
    let attempts = message.extras == nil ? settings.attempts : 1
    let isStaged = context.stager != nil
    files = message.extras?.files.map { JobFileCheck($0, wait: settings.fileWait) }
    machine = JobMachine(
      wantsInputs: settings.waitsForInputs || isStaged || files != nil,
      savesOutputs: isStaged || files?.expected.outputs.isEmpty == false, attempts: attempts)
  }

  /// When the job must do something even if no event arrives; `nil` for never.
  var dueAt: Int? {
    let flush = context.commands.takesOutput ? output?.pump.dueAt : nil
    guard let timer = timers.values.min() else { return flush }
    return flush.map { min($0, timer) } ?? timer
  }

  /// Reports the job as taken, then starts it, or first waits for its input files.
  func begin(note: String? = nil) {
    context.report(
      .taken(job: id, by: context.identity, at: Clock.steadyMilliseconds), by: reporter)
    do throws(JobFailure) {
      let plan = try JobPlan(
        message, job: id, settings: context.settings, stager: context.stager, gpus: gpus)
      let settings = context.settings
      // HyperFlow's own tools expect traces under its engine.
      let isTraced = settings.traces ?? (message.extras.map(\.traces) ?? true)
      let logs = LogFiles(
        job: id, directory: plan.directory, settings: settings, isTraced: isTraced)
      if isTraced, logs.keeps(.info) {
        trace = JobTrace(message, plan: plan, logs: logs, settings: settings)
        trace?.begin(warning: note)
      } else if let note {
        logs.note(.warning, note)
      }
      self.plan = plan
      if context.settings.dryRun { return finish(.succeeded) }
      output = try JobOutput(
        plan: plan, logs: logs, isOurEngine: message.extras != nil,
        echo: context.echo)
      inputs = InputWatch(files: plan.inputs, retries: context.settings.inputRetries)
      handle(.begin)
    } catch {
      finish(error.ending)
    }
  }

  func cancel() { stop(for: .cancelled) }

  func stop(for reason: JobMachine.Stop) { handle(.stop(reason)) }

  /// Kills the process group at once, for an executor that exits without waiting for its jobs.
  func killGroup() {
    if container?.start.isDetached == true {
      process?.requestRemoval()
    } else {
      process?.child.sendToGroup(SIGKILL)
    }
    process?.discardRest()
  }

  func handle(_ event: JobMachine.Event) {
    guard ending == nil else { return }
    for action in machine.handle(event) { perform(action) }
  }

  private func perform(_ action: JobMachine.Action) {
    switch action {
    case .watchInputs:
      if context.stager != nil {
        stageInputs()
      } else if context.settings.waitsForInputs {
        checkInputs()
      } else {
        checkDeclaredInputs()
      }
    case .spawn: spawn()
    case .terminate:
      timers[.timeout] = nil
      process?.child.sendToGroup(SIGTERM)
      start(.grace, after: RunningJob.graceMilliseconds)
    case .kill: killOrRemove()
    case .awaitOutput: beginDrain(quiet: plan?.drain ?? 0)
    case .awaitGroup:
      timers[.drain] = nil
      process?.releaseGroup()
      start(.group, after: 20)
    case .saveOutputs: checkDeclaredOutputs()
    case .delayRetry(let attempt): delayRetry(afterAttempt: attempt)
    case .finish(let ending): finish(ending)
    }
  }
}

extension RunningJob {
  func start(_ timer: Timer, after milliseconds: Int) {
    timers[timer] = Clock.monotonicMilliseconds + milliseconds
  }

  private func checkInputs() {
    let former = inputs?.missing ?? []
    trace?.waits(for: former)
    let finding = inputs?.check()
    let missing = inputs?.missing ?? []
    trace?.found(former.filter { !missing.contains($0) }, missing: missing)
    switch finding {
    case .ready, nil: checkDeclaredInputs()
    case .missing(let text): handle(.inputsMissing(Ending(.error(text))))
    case .again(let milliseconds):
      if trace == nil { output?.logs.note(.info, "waiting for input files") }
      start(.inputs, after: milliseconds)
    }
  }

  private func spawn() {
    guard let plan else { return }
    trace?.willStart()
    do throws(JobFailure) {
      container = try makeContainer(plan).map(Container.init)
      let process = try JobProcess(plan, in: container?.start)
      self.process = process
      // The supervisor of a container notices the end of this process itself.
      if container?.start.isDetached != true { context.guardGroup(of: process.child) }
      memory = JobMemory(process: process.child.pid)
      start(.sample, after: RunningJob.pause(atAge: 0))
      output?.logs.note(.debug, "started \(plan.executable) as \(process.child.pid)")
      context.report(
        .started(
          job: id, by: context.identity, pid: Int(process.child.pid),
          at: Clock.steadyMilliseconds), by: reporter)
      if let trace {
        trace.started(process.child.pid)
        start(.probe, after: context.settings.probeInterval)
      }
      if let seconds = plan.timeout { startTimeout(seconds) }
      handle(.spawned)
    } catch {
      handle(.spawnFailed(error.ending))
    }
  }

  private func startTimeout(_ seconds: Double) {
    start(.timeout, after: Int(min(seconds * 1000, 1e15).rounded(.up)))
  }

  /// Tells the guardian to leave the job's processes alone, because they may outlive the job.
  func forgetProcess() {
    if let process {
      usage.wallMilliseconds += (Clock.monotonicNanoseconds - process.startedAt) / 1_000_000
      context.releaseGroup(of: process.child)
      process.releaseGroup()
    }
    process = nil
    container = nil
    drain = nil
    timers[.sample] = nil
    timers[.probe] = nil
  }

  private func delayRetry(afterAttempt attempt: Int) {
    discardOutput()
    forgetProcess()
    timers = [:]
    let milliseconds = context.settings.retryDelayMilliseconds(
      afterAttempt: attempt, random: .random(in: 0..<1))
    trace?.repeats(
      afterAttempt: attempt, code: lastCode, left: context.settings.attempts - attempt,
      seconds: milliseconds / 1000)
    output?.note(
      "attempt \(attempt) of \(context.settings.attempts) failed; the next one follows in"
        + " \(milliseconds / 1000) s", now: Clock.monotonicMilliseconds)
    start(.retryDelay, after: milliseconds)
  }

  private func finish(_ ending: Ending) {
    var ending = ending
    withdrawStaging()
    discardOutput()
    forgetProcess()
    if ending == .succeeded, let problem = output?.problem { ending = Ending(.error(problem)) }
    recordEnd(ending)
    usage.standardOutputBytes = output?.standardOutputBytes ?? 0
    usage.standardErrorBytes = output?.standardErrorBytes ?? 0
    let line = ending == .succeeded ? output?.lastLine : output?.explainingLine
    usage.lastLine = line ?? ""
    usage.missingFiles = files?.warning ?? ""
    if ending == .succeeded { usage.fileStamps = files?.stamps.text ?? "" }
    let time = Clock.steadyMilliseconds
    // While Redis is away, the last output of many jobs would fill the memory.
    if !context.commands.keepsOutput { output?.pump.dropGathered() }
    publish(output?.pump.end(now: Clock.monotonicMilliseconds, time: time) ?? [])
    // HyperFlow's engine would take the report for the end of the task. Without one, the job starts
    // again in another place.
    let stops: [JobMachine.Stop] = [.cancelled, .preempted]
    let isEvicted = message.extras == nil && stops.contains { $0.ending == ending }
    if !isEvicted {
      trace?.finished(attempt: machine.attempt, code: ending.code)
      context.report(ending, usage: usage, by: reporter, at: time)
    }
    timers = [:]
    output = nil
    self.ending = ending
  }

  private func recordEnd(_ ending: Ending) {
    guard let logs = output?.logs, trace == nil else { return }
    if case .failed(let cause) = ending.outcome {
      let detail = cause.detail.map { ": \($0)" } ?? ""
      logs.note(.info, "job \(id) (\(message.name)) failed: \(cause.summary)\(detail)")
    }
    logs.note(.debug, "job \(id) ended with code \(ending.code); outputs: \(outputSizes)")
  }

  /// `name size` of the job's output files; -1 for a missing one.
  private var outputSizes: String {
    message.outputs.compactMap { signal in
      guard let plan, let name = signal["name"]?.string else { return nil }
      let path = context.settings.outputPath(of: signal, named: name)
      return "\(name) \(Files.size(Files.join(plan.directory, path)) ?? -1)"
    }.joined(separator: ", ")
  }

  private func publish(_ chunks: [LogChunk]) {
    guard !context.runIsGone, !chunks.isEmpty else { return }
    // A job has been reported as started before its output comes.
    context.sendReports()
    let kept = chunks.map { ($0, budget.keep(bytes: $0.bytes.count)) }
    for (command, bytes) in reporter.output(kept) {
      context.commands.send(command, .output(bytes: bytes))
    }
  }
}

/// Called by the loop.
extension RunningJob {
  /// Output arrived, or the stream ended (`hangUp` without data).
  func streamIsReady(_ stream: LogChunk.Stream, hangUpOnly: Bool) {
    guard let process else { return }
    if hangUpOnly {
      process.close(stream)
    } else {
      let bytes = process.read(stream)
      let now = Clock.monotonicMilliseconds
      if !bytes.isEmpty {
        output?.receive(bytes, from: stream, now: now)
        if stream == .standardError { container?.receive(bytes) }
        drain?.limit.recordWork(now: now)
      }
      flushIfDue(now: now)
    }
    if !process.outputIsOpen { handle(.outputClosed) }
  }

  /// The child may have exited.
  func reap() {
    // Keep the group's id reserved while its processes may have to be ended.
    guard let process,
      let (status, used) = process.reap(
        keepingGroup: process.outputIsOpen && !machine.isStopping)
    else { return }
    count(used)
    timers[.sample] = nil
    timers[.probe] = nil
    let ending = ending(of: status, used)
    lastCode = ending.code
    handle(
      .childEnded(
        ending, outputOpen: process.outputIsOpen,
        groupAlive: machine.isStopping && process.child.groupIsAlive))
  }

  func fireTimers(now: Int) {
    flushIfDue(now: now)
    if timers.isEmpty { return }
    for (timer, at) in timers where at <= now {
      timers[timer] = nil
      fire(timer)
    }
  }

  private func fire(_ timer: Timer) {
    switch timer {
    case .inputs: checkInputs()
    case .files: checkFilesAgain()
    case .timeout:
      let seconds = plan?.timeout ?? 0
      if isPulling { return startTimeout(seconds) }
      handle(.stop(.timeout(seconds: seconds)))
    case .grace: handle(.graceOver)
    case .drain:
      let now = Clock.monotonicMilliseconds
      checkHolders(now: now)
      if checkDrain(now: now) { handle(.drainOver) }
    case .sample: sample()
    case .staging: checkStaging()
    case .probe:
      guard let process, !process.hasEnded else { return }
      trace?.probe(process.child.pid)
      start(.probe, after: context.settings.probeInterval)
    case .retryDelay:
      output?.restart()
      handle(.delayOver)
    case .group:
      if process?.child.groupIsAlive == true {
        start(.group, after: 20)
      } else {
        handle(.groupGone)
      }
    }
  }

  private func flushIfDue(now: Int) {
    guard context.commands.takesOutput, let due = output?.pump.dueAt, due <= now else { return }
    publish(output?.pump.flush(now: now, time: Clock.steadyMilliseconds) ?? [])
  }

  private func ending(of status: ExitStatus, _ used: ProcessUsage) -> Ending {
    if container != nil {
      readRestOfErrors()
      let limit = plan?.needs.limitsMemory == true ? plan?.needs.memory : nil
      if let ending = containerEnding(of: status, byUs: machine.isStopping, limit: limit) {
        return ending
      }
    }
    if let cause = causeInMemory(of: status, used, isKilledByUs: machine.isStopping) {
      return Ending(cause)
    }
    if isEndedByScheduler(status) { return JobMachine.Stop.preempted.ending }
    return switch status {
    case .exited(0): .succeeded
    case .exited(let code): Ending(.exit(code))
    case .signalled(let number): Ending(.signal(number))
    case .unknown: Ending(.lost("its exit status was taken by another part of the program"))
    }
  }

  /// A scheduler that takes a host back signals jobs and executor at once, and the job may end
  /// first.
  private func isEndedByScheduler(_ status: ExitStatus) -> Bool {
    guard [.signalled(Int(SIGTERM)), .exited(128 + Int(SIGTERM))].contains(status) else {
      return false
    }
    return !machine.isStopping && context.isPreempted()
  }

  private func count(_ used: ProcessUsage) {
    usage.userMilliseconds += used.userMicroseconds / 1000
    usage.systemMilliseconds += used.systemMicroseconds / 1000
    let largest = used.maxResidentKilobytes
    let maximum = memory?.peak(largest: largest, own: context.ownPeak(besides: largest)) ?? largest
    usage.maxResidentKilobytes = max(usage.maxResidentKilobytes, maximum)
    usage.bytesRead += used.blocksRead * 512
    usage.bytesWritten += used.blocksWritten * 512
  }
}
