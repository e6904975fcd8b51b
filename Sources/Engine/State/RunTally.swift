public import JobProtocol
import Workflow

/// What an engine needs from its run's events: the run's status, the workers, and which executor
/// has which attempt. It is `RunState` without tasks, whose figures are in `RunMachine.counts`.
/// Folding the same events gives the same values.
public struct RunTally: Sendable, Equatable {
  /// The executor that has an attempt, until the attempt ends.
  public struct Holder: Sendable, Equatable {
    public internal(set) var executor: ExecutorIdentity
    /// The application's process id; `nil` until it is known.
    public internal(set) var pid: Int?
  }

  /// The status at the last settling; `running` otherwise.
  public private(set) var status = RunStatus.running
  /// Whether the engine has closed the run.
  public private(set) var isFinished = false
  public private(set) var startedAt: Int?
  /// When the run last settled; `nil` while it is running.
  public private(set) var settledAt: Int?
  /// Whether the run is being stopped.
  public private(set) var isStopping = false
  /// Whether the run is paused.
  public private(set) var isPaused = false
  /// The current engine.
  public private(set) var engine: EngineInfo?
  /// The number of slots that a user has chosen; `nil` otherwise.
  public private(set) var slots: Int?
  public private(set) var holders: [AttemptID: Holder] = [:]
  private var workerSlots: [String: Int] = [:]

  public init() {}

  /// The tally at the end of a former engine's journal.
  public init(_ run: RunState) {
    status = run.status
    isFinished = run.isFinished
    startedAt = run.startedAt
    settledAt = run.settledAt
    isStopping = run.isStopping
    isPaused = run.isPaused
    engine = run.engine
    slots = run.slots
    for worker in run.workers where !worker.isGone { workerSlots[worker.name] = worker.slots }
    for task in run.processes.lazy.flatMap(\.tasks) {
      guard let attempt = task.lastAttempt, attempt.endedAt == nil,
        let executor = attempt.executor
      else { continue }
      let id = AttemptID(task.id, attempt.number)
      holders[id] = Holder(executor: executor, pid: attempt.pid)
    }
  }

  /// The slots of all present workers.
  public var joinedSlots: Int { workerSlots.values.reduce(0, +) }

  public mutating func apply(_ event: RunEvent) {
    switch event.change {
    case .runStarted: startedAt = startedAt ?? event.time
    case .taskFired, .jobSubmitted, .attemptMade, .retryScheduled, .taskReset, .taskSkipped:
      status = .running
      settledAt = nil
    case .jobTaken(let attempt, let executor):
      holders[attempt] = Holder(executor: executor, pid: holders[attempt]?.pid)
    case .jobStarted(let attempt, let executor, let pid):
      holders[attempt] = Holder(executor: executor, pid: pid == 0 ? nil : pid)
    case .jobFinished(let attempt, _, _, _): holders[attempt] = nil
    case .jobsCancelled(let list): holders = holders.filter { !list.contains($0.key) }
    case .workerJoined(let executor, let slots): workerSlots[executor.name] = slots
    case .workerGone(let name, _): workerSlots[name] = nil
    case .stopRequested: isStopping = true
    case .paused: isPaused = true
    case .continued: isPaused = false
    case .slotsChanged(let count): slots = count
    case .engineStarted(let info):
      engine = info
      isFinished = false
    case .runSettled(let status, _):
      self.status = status
      settledAt = event.time
      isStopping = false
    case .runFinished(let status):
      self.status = status
      isFinished = true
      settledAt = settledAt ?? event.time
      isStopping = false
    default: break
    }
  }
}
