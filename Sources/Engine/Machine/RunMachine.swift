import JobProtocol
public import Workflow

/// A whole run as a value: signals and reports go in, events and commands come out.
///
/// Pure: the caller passes the time and carries out the commands. The same inputs at the same times
/// give the same events. The first event of each turn says what its input was, so the state can be
/// restored from the journal (`RunReplay`).
///
/// A turn: an input changes tasks and queues and marks the processes that it may have enabled.
/// Then marked processes fire, up to `Options.firingsAtOnce`; the input `proceed` fires more
/// while `mayProceed`. If nothing runs any more, the run is settled, with its status and the
/// missing signals. A retry continues it.
public struct RunMachine: Sendable {
  public struct Options: Sendable {
    /// Whether the first failure stops the run.
    public var failFast = false
    /// The signals sent at the start; `nil` for the data of the workflow's signals.
    public var initialSignals: [InitialSignal]?
    /// How often failed attempts of processes without a policy are retried; `nil` for lost
    /// ones only.
    public var retries: Int?
    /// Seconds before the first retry; doubled for each further one.
    public var retryDelay = 0.0
    /// How many tasks one input fires at most, so a workflow of a million tasks starts in
    /// many small commits.
    public var firingsAtOnce = 1000

    public init() {}
  }

  public let workflow: Workflow
  let options: Options
  var failsFast: Bool
  /// By process: whether attempts are jobs, which are submitted, taken and started.
  let isJob: [Bool]
  /// The seed for the delays of retries.
  var seed: UInt64 = 0
  /// Whether a submitted job is in the infrastructure's queue at once.
  var queuesAtOnce = true
  var processes: [ProcessMachine]
  var tasks: TaskTable
  var instanceCounts: [Int]
  /// Outputs of an `ordering` process that wait for an earlier firing.
  var orderedOutputs: [ProcessID: OrderedOutputs] = [:]
  var marked = MarkedProcesses()
  /// When source processes may fire again.
  var intervals: [ProcessID: Int] = [:]
  /// Reset tasks, which wait for upstream tasks that run again.
  var reruns = Reruns()
  /// Firings that run again.
  var remade: Set<FiringID> = []
  /// Attempts that wait for `parlevel`.
  var waitingForParlevel: [ProcessID: FiringQueue] = [:]
  var heldTasks: Set<FiringID> = []
  var heldProcesses: Set<ProcessID> = []
  public internal(set) var isPaused = false
  public internal(set) var slots: Int?
  var activeCount = 0
  var failedCount = 0
  var scheduledCount = 0
  /// Whether the run has succeeded once. Then processes that had not fired were not needed.
  var hasSucceeded = false
  var halt: Halt?
  var phase = Phase.new
  var turn = Turn()
  var now = 0

  enum Phase: Sendable { case new, running, settled, closed }

  /// Why nothing fires although it could.
  enum Halt: Sendable {
    case stopped, failedFast, finished
    /// The run was stopped and reopened: a retry continues it.
    case interrupted
  }

  /// - Parameter isJob: for each process, in order, whether its function runs as a job.
  public init(workflow: Workflow, isJob: [Bool], options: Options = Options()) {
    precondition(isJob.count == workflow.processes.count, "one flag for each process")
    self.workflow = workflow
    self.isJob = isJob
    self.options = options
    failsFast = options.failFast
    processes = workflow.processes.map { ProcessMachine($0) }
    tasks = TaskTable(processCount: workflow.processes.count)
    instanceCounts = Array(repeating: 0, count: workflow.signals.count)
  }

  /// Handles one input at a time in milliseconds since 1970.
  ///
  /// - Parameter limit: How many tasks fire at most; `nil` for as many as the options say.
  ///   `RunReplay` restores the state whatever the limits were.
  public mutating func handle(
    _ input: EngineInput, at time: Int, firingAtMost limit: Int? = nil
  ) -> Turn {
    now = time
    turn = Turn()
    if phase == .closed {
      guard case .engineStarted = input else { return turn }
    }
    apply(input)
    fireMarked(atMost: limit ?? options.firingsAtOnce)
    settle()
    return turn
  }

  private mutating func apply(_ input: EngineInput) {
    switch input {
    case .start(let info): start(info)
    case .proceed: break
    case .engineStarted(let info): engineStarted(info)
    case .signal(let signal, let value): send(value, on: signal, from: nil)
    case .jobAccepted(let attempt, let nativeID):
      jobAccepted(attempt, nativeID)
    case .jobPending(let attempt, let reason):
      if mayBeQueued(attempt) { emit(.jobPending(attempt, reason: reason)) }
    case .jobTaken(let attempt, let executor): jobTaken(attempt, by: executor)
    case .jobStarted(let attempt, let executor, let pid): jobStarted(attempt, by: executor, pid)
    case .finished(let attempt, let outcome, let usage, let outputs):
      finished(attempt, outcome, usage, outputs)
    case .cancelled(let attempts): cancelled(attempts)
    case .withdrawn(let attempt): withdrawn(attempt)
    case .intervalPassed(let process): intervalPassed(process)
    case .retryDue(let attempt): retryDue(attempt)
    case .retry(let firing, let edit, let scope): retry(firing, edit, scope)
    case .skip(let firing): skip(firing)
    case .cancel(let firing): cancel(firing)
    case .hold(let firing): hold(firing)
    case .release(let firing): release(firing)
    case .holdProcess(let process): hold(process)
    case .releaseProcess(let process): release(process)
    case .pause: pause()
    case .continue: continueRun()
    case .failFast(let on): setFailFast(on)
    case .slots(let count): setSlots(count)
    case .finish: finish()
    case .stop: stop()
    case .workerJoined(let executor, let slots): emit(.workerJoined(executor, slots: slots))
    case .workerGone(let name, let reason): emit(.workerGone(name: name, reason: reason))
    case .allocationChanged(let allocation): emit(.allocationChanged(allocation))
    case .close: close()
    }
  }

  mutating func emit(_ change: RunEvent.Change) {
    turn.events.append(RunEvent(time: now, change))
  }
}
