import JobProtocol
public import Workflow

/// Why a process does not fire or a task does not run; empty if it runs or has ended.
public struct Explanation: Sendable, Equatable {
  /// The reasons, most important first. All of them must go away.
  public var reasons: [Reason] = []
  /// Failed upstream tasks, at any distance, without which it cannot run. By process and
  /// firing.
  public var stuck: [FiringID] = []

  public init() {}

  public enum Reason: Sendable, Equatable {
    /// Inputs are missing.
    case signals(MissingSignals)
    /// The task runs again after these upstream tasks.
    case upstream([FiringID])
    /// This number of earlier firings of its process is missing.
    case earlierFirings(Int)
    /// The process has reached its `parlevel`, with these firings.
    case parlevel(Int, running: [FiringID])
    /// The process runs firings in sequence, and this one has failed.
    case sequence(FiringID)
    /// The process has reached its firing limit.
    case firingLimit(Int)
    /// A `done` signal has finished the process.
    case finished
    /// The process fires again after an interval in milliseconds.
    case interval(milliseconds: Int)
    case taskHeld
    case processHeld
    /// The run is paused.
    case paused
    /// No worker is running.
    case noWorker
    /// All slots are busy; this number of tasks is queued.
    case slots(total: Int, queue: Int)
    /// The task is queued at an invoker; this number of tasks is queued there.
    case queue(invoker: String, count: Int)
    /// The infrastructure has it in its queue, with a reason why it waits.
    case infrastructure(NativeJob)
    /// An executor has the task or is about to get it; the application has not started.
    case starting
    /// Its retry is due at a time, in milliseconds since 1970.
    case retryDue(at: Int)
    /// The task failed and needs a retry or a skip.
    case failed
    /// The run was stopped or has ended.
    case ended(RunStatus)
    /// Nothing is missing: it will fire at once.
    case ready
  }
}

/// The missing inputs of a process, and their producers.
public struct MissingSignals: Sendable, Equatable {
  /// The inputs without enough instances.
  public var missingInputs: [BlockedProcess.MissingInput] = []
  /// The available and needed instances, over all inputs.
  public var have = 0
  public var need = 0
  /// How many branches a join needs; `nil` if all inputs are needed.
  public var enough: Int?
  /// The producers of the missing inputs, by stage.
  public var producers: [Producers] = []
  /// Signals without a producer in the workflow.
  public var fromOutside: [SignalID] = []
  /// Signals whose producers have all ended without sending enough.
  public var exhausted: [SignalID] = []

  public init() {}

  /// The states of the producers in one stage.
  public struct Producers: Sendable, Equatable {
    /// The index in `graph.stages`.
    public let stage: Int
    public var counts = TaskCounts()
    public var first: ProcessID
  }
}

extension RunState {
  /// Why a process does not fire.
  public func explanation(of process: ProcessID) -> Explanation {
    guard let state = known(process) else { return Explanation() }
    return explanation(of: FiringID(process, state.tasks.count + 1))
  }

  /// Why a task does not run; it may not have fired yet.
  public func explanation(of firing: FiringID) -> Explanation {
    guard let process = known(firing.process), firing.number >= 1 else { return Explanation() }
    guard let task = task(firing) else { return explanation(ofNext: process, firing) }
    var result = Explanation()
    switch task.state {
    case .waiting: return explanation(ofReset: task)
    case .held: result.reasons = heldReasons(firing)
    case .ready: result.reasons = reasons(ofReady: task)
    case .submitted, .queued: result.reasons = reasons(ofSubmitted: task)
    case .starting: result.reasons = [.starting]
    case .retrying: result.reasons = task.retryDueAt.map { [.retryDue(at: $0)] } ?? [.starting]
    case .failed, .lost, .cancelled: result.reasons = [.failed]
    case .running, .succeeded, .skipped: break
    }
    return result
  }

  // MARK: Tasks that have fired

  private func heldReasons(_ firing: FiringID) -> [Explanation.Reason] {
    let task: [Explanation.Reason] = heldTasks.contains(firing) ? [.taskHeld] : []
    let process: [Explanation.Reason] =
      heldProcesses.contains(firing.process) ? [.processHeld] : []
    let all = task + process
    return all.isEmpty ? [.taskHeld] : all
  }

  private func reasons(ofReady task: TaskRecord) -> [Explanation.Reason] {
    if isPaused { return [.paused] }
    if heldProcesses.contains(task.id.process) { return [.processHeld] }
    return parlevelReason(of: task).map { [$0] } ?? [.starting]
  }

  private func reasons(ofSubmitted task: TaskRecord) -> [Explanation.Reason] {
    if settledAt != nil || isFinished { return [.ended(status)] }
    if isPaused { return [.paused] }
    if let native = nativeJob(of: task), !native.reason.isEmpty {
      return [.infrastructure(native)]
    }
    let present = workers.filter { !$0.isGone }
    guard !present.isEmpty else {
      guard let invoker = info?.invoker, invoker != InvokerKind.pool.rawValue else {
        return [.noWorker]
      }
      return [.queue(invoker: invoker, count: queueLength)]
    }
    let total = present.reduce(0) { $0 + $1.slots }
    let busy = present.reduce(0) { $0 + min($1.busy, $1.slots) }
    return busy < total ? [.starting] : [.slots(total: total, queue: queueLength)]
  }

  private var queueLength: Int { counts[.submitted] + counts[.queued] }

  /// What the infrastructure says about the task's last attempt.
  private func nativeJob(of task: TaskRecord) -> NativeJob? {
    task.lastAttempt.flatMap { nativeJobs[AttemptID(task.id, $0.number)] }
  }

  /// A retry that waits for `parlevel`.
  private func parlevelReason(of task: TaskRecord) -> Explanation.Reason? {
    let definition = workflow[task.id.process]
    let limit = limit(of: definition)
    guard limit > 0, let process = known(task.id.process) else { return nil }
    let running = process.tasks.lazy.filter { other in
      other.state.countsForParlevel && other.lastAttempt?.submittedAt != nil
    }.prefix(limit).map(\.id)
    return running.count >= limit ? .parlevel(limit, running: Array(running)) : nil
  }

  /// The task was reset and waits for upstream tasks that run again.
  private func explanation(ofReset task: TaskRecord) -> Explanation {
    var result = Explanation()
    let before = lineage.parents(of: task.id).filter { !state(of: $0).isDone }
    result.reasons = [.upstream(before)]
    if heldTasks.contains(task.id) { result.reasons.append(.taskHeld) }
    if isPaused { result.reasons.append(.paused) }
    var search = StuckSearch(self)
    for parent in before { search.inspect(parent) }
    result.stuck = search.stuckTasks()
    return result
  }

  // MARK: Tasks that have not fired

  private func explanation(ofNext process: ProcessState, _ firing: FiringID) -> Explanation {
    var result = Explanation()
    let definition = workflow[process.id]
    let before = firing.number - process.tasks.count - 1
    if before > 0 { result.reasons.append(.earlierFirings(before)) }
    if let limit = limit(process, definition) {
      result.reasons.append(limit)
      return result
    }
    if isFinished || settledAt != nil && status == .cancelled {
      result.reasons.append(.ended(status))
    }
    let missing = missingSignals(of: process.id)
    if let missing { result.reasons.append(.signals(missing)) }
    if let obstacle = obstacle(process, definition) { result.reasons.append(obstacle) }
    if heldProcesses.contains(process.id) { result.reasons.append(.processHeld) }
    if heldTasks.contains(firing) { result.reasons.append(.taskHeld) }
    if isPaused { result.reasons.append(.paused) }
    if result.reasons.isEmpty { result.reasons = [nextReason(process, definition)] }
    var search = StuckSearch(self)
    if missing != nil { search.addProducers(of: process.id) }
    if case .sequence(let failed)? = obstacle(process, definition) { search.inspect(failed) }
    result.stuck = search.stuckTasks()
    return result
  }

  private func limit(
    _ process: ProcessState, _ definition: Workflow.Process
  ) -> Explanation.Reason? {
    for (port, input) in definition.inputs.enumerated()
    where input.control == .done && process.queued[port] > 0 { return .finished }
    guard let limit = definition.effectiveFiringLimit, process.tasks.count >= limit else {
      return nil
    }
    return .firingLimit(limit)
  }

  /// What keeps a process from running one more firing.
  private func obstacle(
    _ process: ProcessState, _ definition: Workflow.Process
  ) -> Explanation.Reason? {
    let limit = limit(of: definition)
    if definition.isSequential,
      let failed = process.tasks.last(where: { $0.state.needsAttention || $0.state == .retrying })
    {
      return .sequence(failed.id)
    }
    guard limit > 0 else { return nil }
    let running = process.tasks.lazy.filter(\.state.countsForParlevel).prefix(limit).map(\.id)
    return running.count >= limit ? .parlevel(limit, running: Array(running)) : nil
  }

  /// Its limit of simultaneous firings; 0 for none.
  private func limit(of definition: Workflow.Process) -> Int {
    definition.isSequential ? 1 : definition.parlevel
  }

  private func nextReason(
    _ process: ProcessState, _ definition: Workflow.Process
  ) -> Explanation.Reason {
    if let interval = definition.firingInterval, !process.tasks.isEmpty {
      return .interval(milliseconds: interval)
    }
    return .ready
  }
}

extension Workflow.Process {
  fileprivate var isSequential: Bool { kind == .foreach || kind == .splitter }
}

extension TaskState {
  /// Whether the task counts for the limit of its process.
  fileprivate var countsForParlevel: Bool {
    switch self {
    case .held, .ready, .submitted, .queued, .starting, .running: true
    case .waiting, .retrying, .succeeded, .failed, .lost, .skipped, .cancelled: false
    }
  }
}
