import JSONValue
import JobProtocol
public import Workflow

/// The whole of a run as a value: signals and reports in, events and commands out.
///
/// Pure: the caller gives the time and carries out the commands. The same inputs at the same times
/// give the same events, so a journal of inputs is enough to come back to the same state.
///
/// How a turn goes: an input changes tasks and queues and marks the processes it may have enabled;
/// then every marked process fires as often as it can; then, if nothing is under way, the run is
/// settled: it says how it stands and which processes lack what. A retry unsettles it.
public struct RunMachine: Sendable {
  public struct Options: Sendable {
    /// The first failure stops the run.
    public var failFast = false
    /// What is sent at the start; `nil`: the data of the workflow's signals.
    public var initialSignals: [InitialSignal]?

    public init() {}
  }

  public let workflow: Workflow
  private let options: Options
  /// By process: whether attempts become jobs (and so are submitted, taken, started).
  private let isJob: [Bool]
  private var processes: [ProcessMachine]
  private var tasks: TaskTable
  private var instanceCounts: [Int]
  /// Values of an `ordering` process that wait for an earlier firing.
  private var stashes: [ProcessID: OrderedStash] = [:]
  private var marked = MarkedProcesses()
  private var pendingIntervals = 0
  private var activeCount = 0
  private var failedCount = 0
  private var halt: Halt?
  private var phase = Phase.new
  private var turn = Turn()
  private var now = 0

  private enum Phase { case new, running, settled, closed }

  /// Why nothing fires any more although it could.
  private enum Halt { case stopped, failedFast, finished }

  /// `isJob` tells of each process, in order, whether its function runs as a job.
  public init(workflow: Workflow, isJob: [Bool], options: Options = Options()) {
    precondition(isJob.count == workflow.processes.count, "one flag for each process")
    self.workflow = workflow
    self.isJob = isJob
    self.options = options
    processes = workflow.processes.map { ProcessMachine($0) }
    tasks = TaskTable(processCount: workflow.processes.count)
    instanceCounts = Array(repeating: 0, count: workflow.signals.count)
  }

  /// Takes one input at a time (milliseconds since 1970) and says what follows from it.
  public mutating func handle(_ input: EngineInput, at time: Int) -> Turn {
    now = time
    turn = Turn()
    guard phase != .closed else { return turn }
    apply(input)
    fireMarked()
    settle()
    return turn
  }

  /// Whether nothing more can happen by itself.
  public var isSettled: Bool { phase == .settled || phase == .closed }

  /// How the run stands now.
  public var status: RunStatus {
    if phase == .new || phase == .running { return .running }
    if halt == .stopped { return .cancelled }
    if failedCount > 0 { return .failed }
    if halt == .finished { return .succeeded }
    return blockedProcesses.contains(where: isHardBlocked) ? .blocked : .succeeded
  }

  private mutating func apply(_ input: EngineInput) {
    switch input {
    case .start(let info): start(info)
    case .signal(let signal, let value): send(value, on: signal, from: nil)
    case .jobTaken(let attempt, let executor): jobTaken(attempt, by: executor)
    case .jobStarted(let attempt, let executor, let pid): jobStarted(attempt, by: executor, pid)
    case .finished(let attempt, let outcome, let usage, let outputs):
      finished(attempt, outcome, usage, outputs)
    case .intervalPassed(let process): intervalPassed(process)
    case .retry(let firings): for firing in firings { retry(firing) }
    case .retryAllFailed: retryAllFailed()
    case .skip(let firings): for firing in firings { skip(firing) }
    case .cancel(let firings): for firing in firings { cancel(firing) }
    case .finish: if halt == nil { halt = .finished }
    case .stop: stop()
    case .workerJoined(let executor, let slots): emit(.workerJoined(executor, slots: slots))
    case .workerGone(let name, let reason): emit(.workerGone(name: name, reason: reason))
    case .close: close()
    }
  }
}

// MARK: - The beginning and the end

extension RunMachine {
  private mutating func start(_ info: RunInfo) {
    guard phase == .new else { return }
    phase = .running
    emit(.runStarted(info))
    for initial in options.initialSignals ?? dataOfSignals {
      send(initial.value, on: initial.signal, from: nil)
    }
    for index in processes.indices where processes[index].isSource {
      processes[index].allowSource()
      marked.insert(processes[index].definition.id)
    }
  }

  private var dataOfSignals: [InitialSignal] {
    workflow.signals.compactMap { signal in
      signal.data.map { InitialSignal(signal.id, .data($0)) }
    }
  }

  private mutating func stop() {
    guard halt != .stopped, phase != .new else { return }
    halt = .stopped
    cancelEverything()
    phase = .running
  }

  private mutating func cancelEverything() {
    for firing in tasks.firings(where: \.machine.isActive) { cancel(firing) }
  }

  private mutating func close() {
    let final = status
    phase = .closed
    emit(.runFinished(final == .running ? .cancelled : final))
  }

  /// Notices that nothing is under way any more, once.
  private mutating func settle() {
    guard phase == .running, activeCount == 0, pendingIntervals == 0 || halt != nil else { return }
    phase = .settled
    let standing = status
    emit(.runSettled(standing, blocked: standing == .succeeded ? [] : blockedProcesses))
  }

  private var blockedProcesses: [BlockedProcess] {
    processes.compactMap { process in
      guard !process.limitIsReached,
        process.definition.effectiveFiringLimit != nil || process.firedCount == 0
      else { return nil }
      return BlockedProcess(process: process.definition.id, lacks: process.lacks)
    }
  }

  /// A process that has a limit and did not come to it, or that waits for what nobody sends. One
  /// without a limit that was never needed (a branch not taken) blocks nothing.
  private func isHardBlocked(_ blocked: BlockedProcess) -> Bool {
    if workflow[blocked.process].effectiveFiringLimit != nil { return true }
    return blocked.lacks.contains { workflow.producers(of: $0.signal).isEmpty }
  }
}

// MARK: - Signals and firings

extension RunMachine {
  private mutating func send(_ value: PortValue, on signal: SignalID, from source: FiringID?) {
    guard value.instanceCount > 0, instanceCounts.indices.contains(signal.index) else { return }
    emit(.signalSent(signal, value, source: source))
    let first = instanceCounts[signal.index] + 1
    instanceCounts[signal.index] += value.instanceCount
    let instances = value.data.enumerated().map { offset, datum in
      SignalInstance(index: first + offset, datum: datum, source: source, keys: value.keys)
    }
    for consumer in workflow.consumers(of: signal) {
      processes[consumer.index].receive(instances, of: signal)
      marked.insert(consumer)
      if workflow[signal].control == .done { finishIfOver(consumer) }
    }
    if phase == .settled { phase = .running }
  }

  private mutating func fireMarked() {
    while let process = marked.popFirst() {
      while halt == nil, let firing = processes[process.index].fire() { begin(firing, of: process) }
    }
  }

  private mutating func begin(_ firing: ProcessMachine.Firing, of process: ProcessID) {
    let id = FiringID(process, firing.number)
    tasks.append(firing.inputs, of: process)
    activeCount += 1
    emit(.taskFired(id, consumed: firing.consumed))
    execute(AttemptID(id, 1), firing.inputs)
  }

  private mutating func execute(_ attempt: AttemptID, _ inputs: [ConsumedInput]) {
    if isJob[attempt.firing.process.index] { emit(.jobSubmitted(attempt)) }
    turn.commands.append(.execute(Work(attempt: attempt, inputs: inputs)))
  }

  private mutating func intervalPassed(_ process: ProcessID) {
    pendingIntervals -= 1
    processes[process.index].allowSource()
    marked.insert(process)
  }

  /// A firing of the process ended, well or not: it may fire again.
  private mutating func release(_ process: ProcessID, failed: Bool) {
    activeCount -= 1
    processes[process.index].release(failed: failed)
    marked.insert(process)
    let definition = processes[process.index].definition
    if processes[process.index].isSource, let interval = definition.firingInterval,
      !processes[process.index].limitIsReached, halt == nil
    {
      pendingIntervals += 1
      turn.commands.append(.wait(process, milliseconds: interval))
    }
  }

  private mutating func succeeded(_ outputs: [PortValue]?, _ firing: FiringID) {
    let isExhausted = processes[firing.process.index].succeeded(outputs)
    emitOutputs(outputs, of: firing)
    if isExhausted { sendDone(of: firing.process) }
    marked.insert(firing.process)
    finishIfOver(firing.process)
  }

  /// The process tells, once, that it fires no more.
  private mutating func finishIfOver(_ process: ProcessID) {
    guard processes[process.index].takeFinish(), workflow[process].kind != .splitter else { return }
    sendDone(of: process)
  }

  private mutating func sendDone(of process: ProcessID) {
    for output in workflow[process].outputs where output.control == .done {
      send(.bare, on: output.signal, from: nil)
    }
  }

  /// Sends what a firing gave; an `ordering` process sends in the order of its firings.
  private mutating func emitOutputs(_ values: [PortValue]?, of firing: FiringID) {
    guard workflow[firing.process].ordering else { return sendOutputs(values, of: firing) }
    stashes[firing.process, default: OrderedStash()].put(values, number: firing.number)
    while let (number, values) = stashes[firing.process]?.next() {
      sendOutputs(values, of: FiringID(firing.process, number))
    }
  }

  private mutating func sendOutputs(_ values: [PortValue]?, of firing: FiringID) {
    let process = workflow[firing.process]
    let outputs = process.dataOutputs(ofFiring: firing.number)
    if process.kind == .choice {
      let merge = ChoiceProcess.merge(values, outputCount: outputs.count)
      sendControl(.merge, merge, from: firing)
    }
    for (port, output) in outputs.enumerated() {
      let value = values.map { $0.indices.contains(port) ? $0[port] : .nothing } ?? .bare
      send(value, on: output.signal, from: firing)
      if let counter = output.countSignal, value.instanceCount > 0 {
        send(.data([.int(value.instanceCount)]), on: counter, from: firing)
      }
    }
    sendControl(.next, .bare, from: firing)
  }

  private mutating func sendControl(
    _ control: Workflow.Control, _ value: PortValue, from firing: FiringID
  ) {
    for output in workflow[firing.process].outputs where output.control == control {
      send(value, on: output.signal, from: firing)
    }
  }
}

// MARK: - Tasks

extension RunMachine {
  private mutating func jobTaken(_ attempt: AttemptID, by executor: ExecutorIdentity) {
    switch progressed(attempt, to: .taken) {
    case .note: emit(.jobTaken(attempt, executor))
    case .pass: break
    case .ignore: noteLate("taken", attempt)
    }
  }

  private mutating func jobStarted(
    _ attempt: AttemptID, by executor: ExecutorIdentity, _ pid: Int
  ) {
    switch progressed(attempt, to: .started) {
    case .note: emit(.jobStarted(attempt, executor, pid: pid))
    case .pass: break
    case .ignore: noteLate("started", attempt)
    }
  }

  private mutating func progressed(
    _ attempt: AttemptID, to step: TaskMachine.Progress
  ) -> TaskMachine.ProgressAction {
    guard tasks.knows(attempt.firing) else { return .ignore }
    return tasks[attempt.firing].machine.progressed(attempt: attempt.number, to: step)
  }

  private mutating func finished(
    _ attempt: AttemptID, _ outcome: JobOutcome, _ usage: JobUsage, _ outputs: [PortValue]?
  ) {
    guard tasks.knows(attempt.firing) else { return noteLate("finished", attempt) }
    let action = tasks[attempt.firing].machine.finished(
      attempt: attempt.number, succeeded: outcome == .succeeded)
    if action == .ignore { return noteLate("finished", attempt) }
    emit(.jobFinished(attempt, outcome, usage, outputs: outputs))
    release(attempt.firing.process, failed: action == .fail)
    switch action {
    case .emit: succeeded(outputs, attempt.firing)
    case .fail:
      failedCount += 1
      if options.failFast, halt == nil { failFast() }
    case .ignore: break
    }
  }

  /// Stops what runs; the run still ends as failed, for its cause was a failure.
  private mutating func failFast() {
    emit(.notice("stopping at the first failure, as --fail-fast asks"))
    halt = .failedFast
    cancelEverything()
  }

  private mutating func retry(_ firing: FiringID) {
    guard tasks.knows(firing), halt != .stopped else { return }
    switch tasks[firing].machine.retry() {
    case .execute(let number):
      resumeAfterFailFast()
      failedCount -= 1
      activeCount += 1
      phase = .running
      processes[firing.process.index].occupy()
      execute(AttemptID(firing, number), tasks[firing].inputs)
    case .refuse: break
    }
  }

  private mutating func retryAllFailed() {
    for firing in tasks.firings(where: \.machine.isFailed) { retry(firing) }
  }

  /// Somebody mends the failure that stopped the run: it goes on as a whole.
  private mutating func resumeAfterFailFast() {
    guard halt == .failedFast || halt == .finished else { return }
    halt = nil
    for process in workflow.processes { marked.insert(process.id) }
  }

  private mutating func skip(_ firing: FiringID) {
    guard tasks.knows(firing), halt != .stopped else { return }
    switch tasks[firing].machine.skip() {
    case .skip:
      resumeAfterFailFast()
      failedCount -= 1
      phase = .running
      processes[firing.process.index].forgive()
      emit(.taskSkipped(firing))
      succeeded(nil, firing)
    case .refuse: break
    }
  }

  private mutating func cancel(_ firing: FiringID) {
    guard tasks.knows(firing) else { return }
    switch tasks[firing].machine.cancel() {
    case .cancel(let number):
      let attempt = AttemptID(firing, number)
      emit(.cancelRequested(attempt))
      turn.commands.append(.cancel(attempt))
    case .refuse: break
    }
  }

  private mutating func noteLate(_ what: String, _ attempt: AttemptID) {
    emit(.notice("ignored a late report (\(what)) of \(attempt), which was given up"))
  }

  private mutating func emit(_ change: RunEvent.Change) {
    turn.events.append(RunEvent(time: now, change))
  }
}
