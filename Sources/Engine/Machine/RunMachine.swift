import JobProtocol
public import Workflow

/// The whole of a run as a value: signals and reports in, events and commands out.
///
/// Pure: the caller gives the time and carries out the commands. The same inputs at the same times
/// give the same events; each turn's first event tells its input, so that the journal of events is
/// enough to come back to the same state (`RunReplay`).
///
/// How a turn goes: an input changes tasks and queues and marks the processes it may have enabled;
/// then marked processes fire as often as they can, up to `Options.firingsAtOnce`, and the input
/// `proceed` fires more while `mayProceed`; then, if nothing is under way, the run is
/// settled: it says how it stands and which processes lack what. A retry unsettles it.
public struct RunMachine: Sendable {
  public struct Options: Sendable {
    /// The first failure stops the run.
    public var failFast = false
    /// What is sent at the start; `nil`: the data of the workflow's signals.
    public var initialSignals: [InitialSignal]?
    /// How often failed attempts of processes without a policy are made again; `nil`: only lost
    /// ones.
    public var retries: Int?
    /// Seconds before the first of them; doubled from each to the next.
    public var retryDelay = 0.0
    /// How many tasks one input fires at most. The next input fires the next ones, so a workflow of
    /// a million tasks starts in many small commits.
    public var firingsAtOnce = 1000

    public init() {}
  }

  public let workflow: Workflow
  let options: Options
  var failsFast: Bool
  /// By process: whether attempts become jobs (and so are submitted, taken, started).
  let isJob: [Bool]
  /// For the chance in the delays of retries.
  var seed: UInt64 = 0
  var processes: [ProcessMachine]
  var tasks: TaskTable
  var instanceCounts: [Int]
  /// Values of an `ordering` process that wait for an earlier firing.
  var stashes: [ProcessID: OrderedStash] = [:]
  var marked = MarkedProcesses()
  /// When source processes may fire again.
  var intervals: [ProcessID: Int] = [:]
  /// Reset tasks, which wait for outputs that are being made anew.
  var reruns = Reruns()
  /// Firings whose outputs are being made anew.
  var remade: Set<FiringID> = []
  /// Attempts that wait until others of their process have ended.
  var crowds: [ProcessID: Crowd] = [:]
  var heldTasks: Set<FiringID> = []
  var heldProcesses: Set<ProcessID> = []
  public internal(set) var isPaused = false
  public internal(set) var slots: Int?
  var activeCount = 0
  var failedCount = 0
  var scheduledCount = 0
  /// Everything succeeded once, so what had not fired by then was not needed.
  var hasSucceeded = false
  var halt: Halt?
  var phase = Phase.new
  var turn = Turn()
  var now = 0

  enum Phase: Sendable { case new, running, settled, closed }

  /// Why nothing fires any more although it could.
  enum Halt: Sendable {
    case stopped, failedFast, finished
    /// It was stopped, and an engine has opened it again: a retry makes it go on.
    case interrupted
  }

  /// `isJob` tells of each process, in order, whether its function runs as a job.
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

  /// Takes one input at a time (milliseconds since 1970) and says what follows from it.
  ///
  /// - Parameter limit: How many tasks fire at most; `nil`: as many as the options say. Whatever
  ///   the limits were, `RunReplay` reads the journal back.
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
      if mayBeQueued(attempt) { emit(.jobAccepted(attempt, nativeID: nativeID)) }
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
    case .continue: goOn()
    case .failFast(let on): setFailFast(on)
    case .slots(let count): setSlots(count)
    case .finish: finish()
    case .stop: stop()
    case .workerJoined(let executor, let slots): emit(.workerJoined(executor, slots: slots))
    case .workerGone(let name, let reason): emit(.workerGone(name: name, reason: reason))
    case .close: close()
    }
  }

  mutating func emit(_ change: RunEvent.Change) {
    turn.events.append(RunEvent(time: now, change))
  }
}
