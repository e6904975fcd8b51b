public import JobProtocol
public import Workflow

/// A run, derived from its events: what every view, the summary and the headless output show.
/// The same events give the same state.
///
/// Counts of the run and of each stage are updated with each event, so a screen of 100,000
/// tasks costs what it shows. Events are not trusted: those that name something unknown change
/// nothing.
public struct RunState: Sendable {
  public let workflow: Workflow
  /// The levels and stages of the workflow; `stages` corresponds to `graph.stages`.
  public let graph: WorkflowGraph
  public internal(set) var info: RunInfo?
  /// The status at the last settling; `running` otherwise.
  public internal(set) var status = RunStatus.running
  /// Whether the engine has ended normally.
  public internal(set) var isFinished = false
  public internal(set) var startedAt: Int?
  /// When the run last settled; `nil` while it is running.
  public internal(set) var settledAt: Int?
  private var restedMilliseconds = 0
  public internal(set) var lastEventAt: Int?
  public internal(set) var eventCount = 0
  public internal(set) var processes: [ProcessState]
  public internal(set) var stages: [StageState]
  public internal(set) var counts = TaskCounts()
  /// Tasks with a running job, and since when.
  public private(set) var runningSince: [FiringID: Int] = [:]
  public internal(set) var workers: [WorkerState] = []
  /// The allocations that have not ended, in the order in which they were requested.
  public internal(set) var allocations: [Allocation] = []
  /// When the state of each allocation last changed, in milliseconds since 1970; by site and id.
  public private(set) var placeTimes: [[String]: Int] = [:]
  /// The blocked processes at the last settling.
  public internal(set) var blocked: [BlockedProcess] = []
  /// The current engine.
  public internal(set) var engine: EngineInfo?
  /// Whether the run is being stopped.
  public internal(set) var isStopping = false
  /// Whether the run is paused.
  public internal(set) var isPaused = false
  /// Whether the first failure stops the run.
  public internal(set) var failsFast = false
  /// The number of slots that a user has chosen; `nil` otherwise.
  public internal(set) var slots: Int?
  /// Processes held by a user.
  public internal(set) var heldProcesses: Set<ProcessID> = []
  /// Tasks held by a user, also ones that have not fired yet.
  public internal(set) var heldTasks: Set<FiringID> = []
  /// The ids and reasons that the infrastructure has given for jobs. Attempts with neither have no
  /// entry.
  public private(set) var nativeJobs: [AttemptID: NativeJob] = [:]
  /// Attempts that succeeded without a file that they declare, at most `fileWarningLimit`.
  public private(set) var fileWarnings: [AttemptID] = []
  public static let fileWarningLimit = 1000
  /// The latest notices, oldest first.
  public internal(set) var notices: [(time: Int, text: String)] = []

  /// For each task, the tasks whose outputs it used.
  var lineage: Lineage

  /// The executors by name.
  private var executors: [String: SharedExecutor] = [:]

  private static let noticeLimit = 200
  private static let executorLimit = 10_000

  public init(workflow: Workflow) {
    self.workflow = workflow
    graph = workflow.graph()
    lineage = Lineage(workflow)
    processes = workflow.processes.map { ProcessState($0) }
    stages = Array(repeating: StageState(), count: graph.stages.count)
    for process in processes { add(process.waiting, .waiting, of: process.id) }
  }

  public func task(_ id: FiringID) -> TaskRecord? {
    // Reads the record in place, because a screen calls this for every event.
    guard processes.indices.contains(id.process.index) else { return nil }
    return processes[id.process.index].tasks[guarding: id.number - 1]
  }

  /// The record of an attempt.
  public func record(of attempt: AttemptID) -> AttemptRecord? {
    task(attempt.firing)?.attempt(attempt.number)
  }

  /// The state of a task that may not have fired yet.
  public func state(of id: FiringID) -> TaskState {
    guard processes.indices.contains(id.process.index) else { return .waiting }
    return processes[id.process.index].tasks.state(at: id.number - 1) ?? .waiting
  }

  /// The attempts of an event about many.
  public func attempts(in list: AttemptList) -> [AttemptID] {
    list.attempts(processCount: processes.count) { processes[$0.index].tasks.count }
  }

  /// The duration of the run until now or until it settled, without the time in which it was
  /// settled or closed.
  public func elapsed(now: Int) -> Int {
    startedAt.map { max(0, (settledAt ?? now) - $0 - restedMilliseconds) } ?? 0
  }

  public mutating func apply(_ event: RunEvent) {
    eventCount += 1
    lastEventAt = event.time
    switch event.change {
    case .runStarted(let info):
      self.info = info
      startedAt = startedAt ?? event.time
    case .signalSent(let signal, let value, let source): signalSent(signal, value, source)
    case .taskFired(let firing, let consumed): taskFired(firing, consumed, at: event.time)
    case .jobSubmitted(let attempt): jobSubmitted(attempt, at: event.time)
    case .jobAccepted(let attempt, let nativeID):
      guard isCurrent(attempt) else { break }
      nativeJobs[attempt, default: NativeJob()].id = nativeID
      if state(of: attempt.firing) == .submitted { move(attempt.firing, to: .queued) }
    case .jobPending(let attempt, let reason):
      guard isCurrent(attempt) else { break }
      nativeJobs[attempt, default: NativeJob()].reason = reason
    case .jobTaken(let attempt, let executor): jobTaken(attempt, executor, at: event.time)
    case .jobStarted(let attempt, let executor, let pid):
      jobStarted(attempt, executor, pid, at: event.time)
    case .jobFinished(let attempt, let outcome, let usage, _):
      jobFinished(attempt, outcome, usage, at: event.time)
    case .cancelRequested(let attempt): cancelRequested(attempt)
    case .cancelsRequested(let list):
      for attempt in attempts(in: list) { cancelRequested(attempt) }
    case .jobsCancelled(let list):
      for attempt in attempts(in: list) {
        jobFinished(attempt, .failed(.cancelled), JobUsage(), at: event.time)
      }
    case .taskSkipped(let firing):
      unsettle()
      move(firing, to: .skipped)
    case .workerJoined(let executor, let slots): workerJoined(executor, slots: slots)
    case .workerGone(let name, _):
      for index in workers.indices where workers[index].name == name {
        workers[index].isGone = true
      }
    case .allocationChanged(let allocation): allocationChanged(allocation, at: event.time)
    case .notice(let text): note(text, at: event.time)
    case .runSettled(let status, let blocked): settled(status, blocked, at: event.time)
    case .runFinished(let status): finished(status, at: event.time)
    default: applyControl(event)
    }
  }
}

/// What the infrastructure says about a job.
public struct NativeJob: Sendable, Equatable {
  /// The infrastructure's id of the job; empty until it is known.
  public internal(set) var id = ""
  /// Why the job does not run yet, as the infrastructure says it; empty if unknown.
  public internal(set) var reason = ""
}

// MARK: - Events, one by one

extension RunState {
  private mutating func signalSent(
    _ signal: SignalID, _ value: PortValue, _ source: FiringID?
  ) {
    guard workflow.signals.indices.contains(signal.index) else { return }
    for consumer in workflow.consumers(of: signal) {
      for (port, input) in workflow[consumer].inputs.enumerated() where input.signal == signal {
        lineage.arrived(value.instanceCount, at: port, of: workflow[consumer], from: source)
        let before = processes[consumer.index].queued[port]
        processes[consumer.index].queued[port] =
          input.sticky ? 1 : before + value.instanceCount
      }
    }
  }

  private mutating func taskFired(
    _ firing: FiringID, _ consumed: [SignalID: Int], at time: Int
  ) {
    let index = firing.process.index
    guard processes.indices.contains(index), firing.number == processes[index].tasks.count + 1
    else { return }
    unsettle()
    lineage.fired(workflow[firing.process], firing, consumed)
    for (port, input) in workflow[firing.process].inputs.enumerated() {
      let queued = processes[index].queued[port] - (consumed[input.signal] ?? 1)
      processes[index].queued[port] = max(0, queued)
    }
    add(-processes[index].waiting, .waiting, of: firing.process)
    var record = TaskRecord(id: firing, firedAt: time)
    record.isHeld = heldTasks.contains(firing)
    record.state = record.isHeld ? .held : .ready
    processes[index].tasks.append(record)
    processes[index].expected = max(processes[index].expected, firing.number)
    add(processes[index].waiting, .waiting, of: firing.process)
    add(1, record.state, of: firing.process)
  }

  private mutating func jobSubmitted(_ attempt: AttemptID, at time: Int) {
    unsettle()
    update(attempt) { $0.submittedAt = time }
    move(attempt.firing, to: info?.queuesAtOnce == false ? .submitted : .queued)
  }

  private mutating func jobTaken(
    _ attempt: AttemptID, _ executor: ExecutorIdentity, at time: Int
  ) {
    guard isCurrent(attempt) else { return }
    let shared = share(executor)
    update(attempt) {
      if $0.takenAt == nil { $0.takenAt = time }
      $0.sharedExecutor = shared
    }
    countBusy(executor.name, 1)
    move(attempt.firing, to: .starting)
  }

  private mutating func jobStarted(
    _ attempt: AttemptID, _ executor: ExecutorIdentity, _ pid: Int, at time: Int
  ) {
    guard isCurrent(attempt) else { return }
    let shared = share(executor)
    update(attempt) {
      $0.startedAt = time
      $0.sharedExecutor = shared
      $0.pid = pid
    }
    move(attempt.firing, to: .running)
    runningSince[attempt.firing] = time
  }

  private mutating func jobFinished(
    _ attempt: AttemptID, _ outcome: JobOutcome, _ usage: JobUsage, at time: Int
  ) {
    guard isCurrent(attempt) else { return }
    update(attempt) {
      $0.endedAt = time
      $0.outcome = outcome
      $0.usage = usage
    }
    if !usage.missingFiles.isEmpty, fileWarnings.count < Self.fileWarningLimit {
      fileWarnings.append(attempt)
    }
    let record = task(attempt.firing)?.lastAttempt
    if record?.takenAt != nil, let worker = record?.executor?.name { countBusy(worker, -1) }
    if outcome == .succeeded, usage.wallMilliseconds > 0 {
      let stage = graph.stageOf[attempt.firing.process.index]
      stages[stage].totalMilliseconds += usage.wallMilliseconds
      stages[stage].timedJobs += 1
    }
    move(attempt.firing, to: TaskState(after: outcome))
  }

  /// Removes a scheduled retry.
  private mutating func cancelRequested(_ attempt: AttemptID) {
    update(attempt) { $0.isCancelRequested = true }
    guard let record = task(attempt.firing), record.state == .retrying,
      let outcome = record.lastAttempt?.outcome
    else { return }
    processes[attempt.firing.process.index].tasks[attempt.firing.number - 1].retryDueAt = nil
    move(attempt.firing, to: TaskState(after: outcome))
  }

  private mutating func workerJoined(_ executor: ExecutorIdentity, slots: Int) {
    workers.removeAll { $0.name == executor.name }
    workers.append(WorkerState(name: executor.name, host: executor.host, slots: slots))
  }

  /// The allocation of a worker; `nil` if no site has started it. A worker that a scheduler has
  /// restarted has a number after its name.
  public func place(ofWorker name: String) -> Allocation? {
    allocations.first { place in
      !place.worker.isEmpty && (name == place.worker || name.hasPrefix("\(place.worker)."))
    }
  }

  /// When the state of an allocation last changed; `nil` if unknown.
  public func since(_ place: Allocation) -> Int? { placeTimes[[place.site, place.id]] }

  private mutating func allocationChanged(_ allocation: Allocation, at time: Int) {
    let place = allocations.firstIndex { $0.isSame(as: allocation) }
    let key = [allocation.site, allocation.id]
    if allocation.state == .ended {
      placeTimes[key] = nil
    } else if place.map({ allocations[$0].state != allocation.state }) ?? true {
      placeTimes[key] = time
    }
    switch (place, allocation.state) {
    case (let place?, .ended): allocations.remove(at: place)
    case (let place?, _): allocations[place] = allocation
    case (nil, .ended): break
    case (nil, _): allocations.append(allocation)
    }
  }

  private mutating func note(_ text: String, at time: Int) {
    notices.append((time, text))
    if notices.count > Self.noticeLimit { notices.removeFirst() }
  }

  private mutating func settled(_ status: RunStatus, _ blocked: [BlockedProcess], at time: Int) {
    self.status = status
    self.blocked = blocked
    settledAt = time
    isStopping = false
    guard status == .succeeded else { return }
    // Tasks that have not fired by now were not needed.
    for index in processes.indices {
      add(-processes[index].waiting, .waiting, of: processes[index].id)
      processes[index].expected = processes[index].tasks.count
    }
  }

  private mutating func finished(_ status: RunStatus, at time: Int) {
    self.status = status
    isFinished = true
    isStopping = false
    settledAt = settledAt ?? time
  }

  mutating func unsettle() {
    if let settledAt, let lastEventAt { restedMilliseconds += max(0, lastEventAt - settledAt) }
    status = .running
    settledAt = nil
    blocked = []
  }
}

// MARK: - Keeping the counts

extension RunState {
  func known(_ id: ProcessID) -> ProcessState? {
    processes.indices.contains(id.index) ? processes[id.index] : nil
  }

  /// Only the last attempt affects the task.
  func isCurrent(_ attempt: AttemptID) -> Bool {
    guard let task = task(attempt.firing) else { return false }
    return attempt.number >= (task.lastAttempt?.number ?? 1)
  }

  mutating func move(_ firing: FiringID, to state: TaskState) {
    guard let before = task(firing)?.state, before != state else { return }
    add(-1, before, of: firing.process)
    processes[firing.process.index].tasks[firing.number - 1].state = state
    if before == .running { runningSince[firing] = nil }
    add(1, state, of: firing.process)
  }

  mutating func update(_ attempt: AttemptID, _ change: (inout AttemptRecord) -> Void) {
    guard task(attempt.firing) != nil else { return }
    processes[attempt.firing.process.index].tasks[attempt.firing.number - 1]
      .update(attempt.number, change)
  }

  private mutating func add(_ delta: Int, _ state: TaskState, of process: ProcessID) {
    counts[state] += delta
    stages[graph.stageOf[process.index]].counts[state] += delta
  }

  /// Every one-shot executor has one job, so only the latest are kept for sharing.
  private mutating func share(_ executor: ExecutorIdentity) -> SharedExecutor {
    if let known = executors[executor.name], known.identity == executor { return known }
    if executors.count >= Self.executorLimit { executors = [:] }
    let shared = SharedExecutor(executor)
    executors[executor.name] = shared
    return shared
  }

  private mutating func countBusy(_ worker: String, _ delta: Int) {
    guard let index = workers.firstIndex(where: { $0.name == worker }) else { return }
    workers[index].busy = max(0, workers[index].busy + delta)
  }
}
