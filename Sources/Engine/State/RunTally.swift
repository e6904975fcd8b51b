public import JobProtocol
import Workflow

/// What an engine itself needs of its run's events: how the run stands, which workers there are,
/// and who has which attempt. `RunState` without tasks, for `RunMachine.counts` has their figures;
/// folding the same events gives the same values.
public struct RunTally: Sendable, Equatable {
  /// Who has an attempt that has not ended.
  public struct Holder: Sendable, Equatable {
    public internal(set) var executor: ExecutorIdentity
    /// The application's process id; `nil` until it is known.
    public internal(set) var pid: Int?
  }

  /// As of the last settling; `running` in between.
  public private(set) var status = RunStatus.running
  /// The engine has ended; nothing more will come.
  public private(set) var isFinished = false
  public private(set) var startedAt: Int?
  /// When it last settled; `nil` while it runs.
  public private(set) var settledAt: Int?
  /// A person wants it ended, and its jobs are being ended.
  public private(set) var isStopping = false
  /// A person wants no new jobs.
  public private(set) var isPaused = false
  /// The engine that drives it, as it said when it began.
  public private(set) var engine: EngineInfo?
  /// How many jobs the run's own executors run at a time, as a person asked; `nil` until then.
  public private(set) var slots: Int?
  public private(set) var holders: [AttemptID: Holder] = [:]
  private var workerSlots: [String: Int] = [:]

  public init() {}

  /// Where the journal of a former engine ends.
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

  /// How many jobs the workers that are there run at a time.
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
