import JobProtocol
import Workflow

/// The start, the end and the status of a run.
extension RunMachine {
  /// Whether nothing can run any more.
  public var isSettled: Bool { phase == .settled || phase == .closed }

  /// The current status.
  public var status: RunStatus {
    if phase == .new || phase == .running { return .running }
    if halt == .stopped || halt == .interrupted { return .cancelled }
    if failedCount > 0 || !reruns.isEmpty { return .failed }
    if halt == .finished { return .succeeded }
    return isBlocked ? .blocked : .succeeded
  }

  mutating func start(_ info: RunInfo) {
    guard phase == .new else { return }
    phase = .running
    seed = Jitter.seed(info.run)
    queuesAtOnce = info.queuesAtOnce
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

  mutating func engineStarted(_ info: EngineInfo) {
    emit(.engineStarted(info))
    guard phase == .closed else { return }
    phase = .settled
    if halt == .stopped { halt = .interrupted }
  }

  mutating func finish() {
    guard halt == nil, phase != .new else { return }
    emit(.finishRequested)
    halt = .finished
  }

  mutating func stop() {
    guard halt != .stopped, phase != .new else { return }
    emit(.stopRequested)
    halt = .stopped
    cancelEverything()
    phase = .running
  }

  /// A few cancellations are separate events for readability; many are one event.
  private static let cancellationsInOneEvent = 100

  mutating func cancelEverything() {
    let firings = tasks.firings { $0.machine.isActive || $0.machine.isScheduled }
    if firings.count >= Self.cancellationsInOneEvent { return cancelAtOnce(firings) }
    for firing in firings { cancelNow(firing) }
  }

  mutating func close() {
    let final = status
    phase = .closed
    emit(.runFinished(final == .running ? .cancelled : final))
  }

  /// Settles the run, once, when nothing runs any more.
  mutating func settle() {
    guard phase == .running, activeCount == 0, !mayProceed else { return }
    guard halt != nil || (intervals.isEmpty && scheduledCount == 0 && !isHeldBack) else { return }
    phase = .settled
    let standing = status
    if standing == .succeeded { hasSucceeded = true }
    emit(.runSettled(standing, blocked: standing == .succeeded ? [] : blockedProcesses))
  }

  /// Whether only a hold keeps something from firing.
  private var isHeldBack: Bool {
    if isPaused { return processes.contains(where: \.canFire) }
    return heldProcesses.contains { processes[$0.index].canFire }
  }

  private var blockedProcesses: [BlockedProcess] {
    processes.compactMap { process in
      guard !process.limitIsReached,
        process.definition.effectiveFiringLimit != nil || process.firedCount == 0
      else { return nil }
      return BlockedProcess(process: process.definition.id, missingInputs: process.missingInputs)
    }
  }

  /// Whether a process is blocked: it has a limit and did not reach it, or waits for
  /// something that nobody can send, because no process produces it, or only processes that
  /// never fired and cannot be reached from those that did, as in a cycle that was never
  /// started. A process without a limit that was never needed (a branch not taken) is not
  /// blocked.
  private var isBlocked: Bool {
    let blocked = blockedProcesses
    if blocked.isEmpty { return false }
    let isHard = blocked.contains { blocked in
      workflow[blocked.process].effectiveFiringLimit != nil
        || blocked.missingInputs.contains { workflow.producers(of: $0.signal).isEmpty }
    }
    if isHard { return true }
    let reached = reachedProcesses
    return blocked.contains { !reached[$0.process.index] }
  }

  /// By index: the processes that have fired, and those that their signals could reach.
  private var reachedProcesses: [Bool] {
    var isReached = processes.map { $0.firedCount > 0 }
    var front = isReached.indices.filter { isReached[$0] }
    var isSeen = Array(repeating: false, count: workflow.signals.count)
    while let process = front.popLast() {
      for output in workflow.processes[process].outputs where !isSeen[output.signal.index] {
        isSeen[output.signal.index] = true
        for consumer in workflow.consumers(of: output.signal) where !isReached[consumer.index] {
          isReached[consumer.index] = true
          front.append(consumer.index)
        }
      }
    }
    return isReached
  }
}

extension RunMachine {
  /// How many tasks are in each state: the same figures as in a `RunState` that has folded the
  /// run's events. They are computed each time, so that an engine needs no second store of tasks.
  public var counts: TaskCounts {
    var counts = TaskCounts()
    tasks.visit { firing, task in counts[state(of: task, firing)] += 1 }
    if !hasSucceeded { for process in processes { counts[.waiting] += process.waitingCount } }
    return counts
  }

  private func state(of task: TaskTable.Entry, _ firing: FiringID) -> TaskState {
    switch task.machine.state {
    case .pending: heldTasks.contains(firing) ? .held : .ready
    case .active, .cancelling:
      switch task.machine.progress {
      // Functions in the engine are never submitted.
      case .submitted where !isJob[firing.process.index]: .ready
      case .submitted: queuesAtOnce ? .queued : .submitted
      case .queued: .queued
      case .taken: .starting
      case .started: .running
      }
    case .scheduled: .retrying
    case .reset: .waiting
    case .failed, .done: task.ending
    }
  }
}

extension ProcessMachine {
  /// Tasks that have not fired, as far as can be known: up to the limit, else the first one.
  fileprivate var waitingCount: Int { max(0, (definition.effectiveFiringLimit ?? 1) - firedCount) }
}
