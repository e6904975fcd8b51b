import JobProtocol
public import Workflow

/// Why a process does not fire, or why a task does not go on; empty for what runs or is done.
public struct Explanation: Sendable, Equatable {
  /// What keeps it, most telling first. Every one of them must go away.
  public var reasons: [Reason] = []
  /// Failed tasks before it, however far, without which it cannot go on: they will not come by
  /// themselves. By process and firing.
  public var stuck: [FiringID] = []

  public init() {}

  public enum Reason: Sendable, Equatable {
    /// Signals have not come.
    case signals(MissingSignals)
    /// It ran with outputs that are made anew, by these tasks; it runs again after them.
    case upstream([FiringID])
    /// Firings of its process before it have not happened; so many.
    case earlierFirings(Int)
    /// So many firings may run at a time, and these do.
    case parlevel(Int, running: [FiringID])
    /// Its process does one firing after the other, and this one has failed; maybe it is retried.
    case sequence(FiringID)
    /// Its process has fired as often as it may.
    case firingLimit(Int)
    /// A `done` signal has finished its process.
    case finished
    /// Its process fires again when so many milliseconds have passed.
    case interval(milliseconds: Int)
    case taskHeld
    case processHeld
    /// A person wants no new jobs.
    case paused
    /// No executor is there.
    case noWorker
    /// All slots are taken; so many tasks wait for one, this among them.
    case slots(total: Int, queue: Int)
    /// An invoker that has no workers of ours has it; so many tasks wait there, this among them.
    case queue(invoker: String, count: Int)
    /// An executor has it, or will have it at once; the application has not begun.
    case starting
    /// The next attempt is due then, in milliseconds since 1970.
    case retryDue(at: Int)
    /// It failed and stays so until somebody retries or skips it.
    case failed
    /// The run was stopped, or has ended: nothing fires any more.
    case ended(RunStatus)
    /// Nothing is missing: it is about to fire.
    case turn
  }
}

/// What a process lacks, and who would send it.
public struct MissingSignals: Sendable, Equatable {
  /// The inputs that do not have enough.
  public var lacks: [BlockedProcess.Lack] = []
  /// Instances that are there and that are needed, over all inputs.
  public var have = 0
  public var need = 0
  /// So many branches are enough for a join; `nil` where all inputs are needed.
  public var enough: Int?
  /// Those who produce what its inputs take, by stage, in the order of stages.
  public var producers: [Producers] = []
  /// Signals that nothing in the workflow produces: they come from outside.
  public var fromOutside: [SignalID] = []
  /// Signals whose producers have all ended without sending enough.
  public var exhausted: [SignalID] = []

  public init() {}

  /// How the producers of one stage stand.
  public struct Producers: Sendable, Equatable {
    /// The place in `graph.stages`.
    public let stage: Int
    public var counts = TaskCounts()
    public var first: ProcessID
  }
}

extension RunState {
  /// Why a process does not fire (again).
  public func explanation(of process: ProcessID) -> Explanation {
    guard let state = known(process) else { return Explanation() }
    return explanation(of: FiringID(process, state.tasks.count + 1))
  }

  /// Why a task does not go on; it need not have fired.
  public func explanation(of firing: FiringID) -> Explanation {
    guard let process = known(firing.process), firing.number >= 1 else { return Explanation() }
    guard let task = task(firing) else { return explanation(ofNext: process, firing) }
    var result = Explanation()
    switch task.state {
    case .waiting: return explanation(ofReset: task)
    case .held: result.reasons = heldReasons(firing)
    case .ready: result.reasons = reasons(ofReady: task)
    case .queued: result.reasons = [.starting]
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
    guard task.lastAttempt?.submittedAt != nil else {
      if isPaused { return [.paused] }
      if heldProcesses.contains(task.id.process) { return [.processHeld] }
      return crowd(of: task).map { [$0] } ?? [.starting]
    }
    if settledAt != nil || isFinished { return [.ended(status)] }
    let present = workers.filter { !$0.isGone }
    guard !present.isEmpty else {
      guard let invoker = info?.invoker, invoker != InvokerKind.pool.rawValue else {
        return [.noWorker]
      }
      return [.queue(invoker: invoker, count: counts[.ready])]
    }
    let total = present.reduce(0) { $0 + $1.slots }
    let busy = present.reduce(0) { $0 + min($1.busy, $1.slots) }
    return busy < total ? [.starting] : [.slots(total: total, queue: counts[.ready])]
  }

  /// Made again while as many of its process run as may.
  private func crowd(of task: TaskRecord) -> Explanation.Reason? {
    let definition = workflow[task.id.process]
    let limit = limit(of: definition)
    guard limit > 0, let process = known(task.id.process) else { return nil }
    let running = process.tasks.lazy.filter { other in
      other.state.takesRoom && other.lastAttempt?.submittedAt != nil
    }.prefix(limit).map(\.id)
    return running.count >= limit ? .parlevel(limit, running: Array(running)) : nil
  }

  /// It ran before, and was sent back until its inputs are made anew.
  private func explanation(ofReset task: TaskRecord) -> Explanation {
    var result = Explanation()
    let before = lineage.parents(of: task.id).filter { !state(of: $0).isDone }
    result.reasons = [.upstream(before)]
    if heldTasks.contains(task.id) { result.reasons.append(.taskHeld) }
    if isPaused { result.reasons.append(.paused) }
    var search = StuckSearch(self)
    for parent in before { search.look(at: parent) }
    result.stuck = search.all()
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
    if let room = room(process, definition) { result.reasons.append(room) }
    if heldProcesses.contains(process.id) { result.reasons.append(.processHeld) }
    if heldTasks.contains(firing) { result.reasons.append(.taskHeld) }
    if isPaused { result.reasons.append(.paused) }
    if result.reasons.isEmpty { result.reasons = [turn(process, definition)] }
    var search = StuckSearch(self)
    if missing != nil { search.lookBefore(process.id) }
    if case .sequence(let failed)? = room(process, definition) { search.look(at: failed) }
    result.stuck = search.all()
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

  /// What keeps a process from having one more firing under way.
  private func room(
    _ process: ProcessState, _ definition: Workflow.Process
  ) -> Explanation.Reason? {
    let limit = limit(of: definition)
    if definition.isSequential,
      let failed = process.tasks.last(where: { $0.state.needsAttention || $0.state == .retrying })
    {
      return .sequence(failed.id)
    }
    guard limit > 0 else { return nil }
    let running = process.tasks.lazy.filter(\.state.takesRoom).prefix(limit).map(\.id)
    return running.count >= limit ? .parlevel(limit, running: Array(running)) : nil
  }

  /// So many firings of it may be under way; 0 is no limit.
  private func limit(of definition: Workflow.Process) -> Int {
    definition.isSequential ? 1 : definition.parlevel
  }

  private func turn(
    _ process: ProcessState, _ definition: Workflow.Process
  ) -> Explanation.Reason {
    if let interval = definition.firingInterval, !process.tasks.isEmpty {
      return .interval(milliseconds: interval)
    }
    return .turn
  }
}

extension Workflow.Process {
  fileprivate var isSequential: Bool { kind == .foreach || kind == .splitter }
}

extension TaskState {
  /// Whether it counts for the limit of its process.
  fileprivate var takesRoom: Bool {
    switch self {
    case .held, .ready, .queued, .running: true
    case .waiting, .retrying, .succeeded, .failed, .lost, .skipped, .cancelled: false
    }
  }
}
