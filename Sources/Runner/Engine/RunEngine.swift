import DequeModule
import Engine
import JobProtocol
import Logging
import Posix
import Redis
import Signing

/// Drives a `RunMachine` against the world.
///
/// One loop: take what arrived, turn it into engine inputs, let the machine decide, commit its
/// events together with the Redis commands of their effect, and only then do what is not Redis.
///
///     inbox ─► mail ─► arrivals ─┐          ┌─► events  ─┐
///              translate         ├─► machine┤            ├─► one commit ─► effects in the world
///                       inputs ──┘          └─► commands ┘   (with notices and cleanUp)
///                          ▲                                        │
///                          └── what follows: functions, news ◄──────┘
///
/// Functions that run in the engine are called between deciding and committing; their results are
/// further inputs. A turn is bounded, so that a workflow that never ends by itself still hears its
/// user.
actor RunEngine {
  let plan: RunPlan
  var machine: RunMachine
  /// What has been committed, as far as the engine needs it.
  var tally = RunTally()
  let journal: Journal
  let redis: RedisClient
  let invokers: InvokerTable
  let messages: JobMessageBuilder
  let javaScript: JavaScriptHost
  /// What only the holder of the run's lease does in Redis.
  let lease: LeasedRedis
  var logs: LogLedger
  /// Logs whose size could not be asked for, because Redis was away.
  var unmeasuredLogs: [JobID] = []
  /// Functions that have printed something and have not ended.
  var functionLogs: Set<JobID> = []
  var recorder: RunRecorder?
  let inbox: Inbox<EngineMessage>
  let pace: ReadingPace
  let host: HostLoop
  let watchers: WatcherRegister
  let completions: CompletionCollector
  let directory: RunDirectory
  let observer: any RunObserver
  let log: Logger
  let suspicionMilliseconds: Int

  /// Messages that have not been read yet, in order.
  var mail: Deque<EngineMessage> = []
  /// What the messages of this turn say. All of it is decided in the turn whose commit takes the
  /// messages out of Redis: nothing is ever in neither the stream nor the journal.
  var arrivals: [EngineInput] = []
  /// What follows from former inputs.
  var inputs: Deque<EngineInput> = []
  /// Jobs that have ended as their invoker says, for instance because their executor is gone; a
  /// report may still be on its way.
  var suspects: [JobID: InvokerNews.Ended] = [:]
  /// Jobs that the infrastructure has refused, and that are submitted again later.
  var refused: Set<AttemptID> = []
  var pendingReasons = PendingReasons()
  /// The jobs whose end lay in Redis when this turn first asked for it.
  var finishedInRedis: Set<String>?
  /// What still ran of their jobs was looked for in this turn.
  var hasKilledOrphans = false
  /// What dead executors have left on disk was looked for in this turn.
  var hasReadLeftEnds = false
  var leftEndsWaits = 0
  /// What was read and is not committed yet.
  var leftEndsFiles: [ProcessFile.Left] = []
  /// Workers by name, and how often in a row they gave no sign of life when one was due.
  var knownWorkers: [String: Int] = [:]
  /// Why workers cannot take jobs, by name.
  var workerTroubles: [String: String] = [:]
  /// Workers started here that have ended.
  var endedWorkers: Set<String> = []
  /// Attempts that executors of another make have been told to end, for they took too long.
  var overdue: [AttemptID: Double] = [:]
  /// What goes into the next commit besides its events.
  var cleanUp: [RedisCommand] = []
  /// Results of functions that take their time.
  var delayed: [String: [EngineInput]] = [:]
  /// What people should know that changes nothing; goes into the next commit.
  var notices: [String] = []
  var replayMemory = ReplayMemory()
  /// For lists of runs whose Redis is gone.
  let statusWriter: StatusWriter
  /// People know why functions cannot log in to Redis.
  var isFunctionNoticeSaid = false
  /// Where the jobs ran when that was looked at last; `nil` where there was no such directory.
  var jobPlace: String?
  var closeIsAsked = false
  /// A signal told this process to end, so watchers do not keep the run open.
  var closesWhenSettled = false
  /// People were told, since the run settled, that its watchers keep it open.
  var hasSaidThatItStaysOpen = false
  var isClosed = false
  /// How a run of another engine from before stands in the journal, until this one begins; `nil`
  /// for a new run.
  private var former: RunState?

  init(_ parts: EngineParts, _ machine: RunMachine, recorder: RunRecorder?) {
    plan = parts.plan
    self.machine = machine
    journal = parts.journal
    redis = parts.redis
    invokers = parts.invokers
    messages = parts.messages
    javaScript = parts.javaScript
    lease = LeasedRedis(run: plan.run, token: journal.token, redis: redis)
    logs = LogLedger(limit: plan.logMemory)
    self.recorder = recorder
    inbox = parts.inbox
    pace = parts.pace
    host = parts.host
    watchers = parts.watchers
    completions = parts.completions
    directory = parts.directory
    statusWriter = StatusWriter(directory: parts.directory, log: parts.log)
    observer = parts.observer
    log = parts.log
    suspicionMilliseconds = parts.suspicionMilliseconds
    jobPlace = plan.info.directory
  }

  /// Brings the engine to where the journal ends, and finds out what became of the jobs.
  func adopt(_ takeOver: RunTakeOver) async throws(RunnerError) {
    tally = RunTally(takeOver.state)
    guard tally.startedAt != nil else {
      // Its engine was killed before it had begun: there are executors to look for, but no jobs.
      return invokers.adopt([])
    }
    former = takeOver.state
    try await takeUp(takeOver)
  }

  /// Runs to the end; returns how the run stands then.
  func run() async throws(RunnerError) -> RunStatus {
    // Since it began its directory may have been moved.
    former?.runsJobs(in: plan.info.directory)
    observer.begins(former?.info) { former ?? RunState(workflow: plan.workflow) }
    let said = former.map { Set($0.notices.map(\.text)) }
    // The observer has it now, and changes it: a second owner would make that a copy.
    former = nil
    if said == nil { try await begin() }
    notices += plan.serverWarnings
    try await sayWhereItRuns(besides: said ?? [])
    host.after(milliseconds: Journal.leaseMilliseconds / 3, .lease)
    while !isClosed {
      let isIdle = mail.isEmpty && inputs.isEmpty && !machine.mayProceed
      mail.append(contentsOf: isIdle ? await inbox.next() : inbox.takeAll())
      try await readMail()
      try await takeTurn()
      await setPace()
      try await closeWhenOver()
    }
    return machine.status
  }

  private func setPace() async {
    let joined = tally.joinedSlots
    let slots = joined == 0 ? 0 : max(joined, tally.slots ?? 0)
    pace.milliseconds = Gathering.milliseconds(jobsAhead: invokers.jobsAhead, slots: slots)
  }

  /// The run's first inputs, in a turn of their own: nothing is heard before, not even of a worker
  /// that is faster than the engine.
  private func begin() async throws(RunnerError) {
    inputs.append(.start(plan.info))
    inputs.append(.engineStarted(Self.identity(takeOvers: 0)))
    for signal in plan.inputsToSend { inputs.append(.signal(signal, .bare)) }
    try await takeTurn()
  }

  /// What the journal does not have yet.
  private func sayWhereItRuns(besides said: Set<String>) async throws(RunnerError) {
    notices += plan.notices.filter { !said.contains($0) }
    if !notices.isEmpty { try await takeTurn() }
  }

  static func identity(takeOvers: Int) -> EngineInfo {
    EngineInfo(
      host: Environment.hostName, pid: Environment.processID, takeOvers: takeOvers)
  }
}
