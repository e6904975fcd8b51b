import DequeModule
import Engine
import JobProtocol
import Logging
import Posix
import Redis
import Runs
import Signing

/// Drives a `RunMachine`.
///
/// One loop: read the messages that have arrived, translate them into inputs, let the machine
/// handle them, commit its events together with the Redis commands of their effect, and only then
/// carry out the effects outside of Redis.
///
///     inbox ─► messages ─► arrivals ─┐          ┌─► events  ─┐
///                  translate         ├─► machine┤            ├─► one commit ─► other effects
///                           inputs ──┘          └─► commands ┘   (with notices and cleanUp)
///                              ▲                                        │
///                              └── what follows: functions, news ◄──────┘
///
/// In-engine functions are called before the commit; their results are further inputs. A turn is
/// bounded, so an endless workflow still handles requests.
actor RunEngine {
  let plan: RunPlan
  var machine: RunMachine
  /// Sums up the committed events, as far as the engine needs them.
  var tally = RunTally()
  let journal: Journal
  let redis: RedisClient
  let invokers: InvokerTable
  let messages: JobMessageBuilder
  let javaScript: JavaScriptHost
  /// For effects in Redis outside of commits.
  let lease: LeasedRedis
  var logs: LogLedger
  /// Outputs that could not be measured because Redis was away.
  var unmeasuredLogs: [JobID] = []
  /// Running functions that have printed something.
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
  let reportWaitMilliseconds: Int

  /// Messages that have not been read yet, in order.
  var unreadMessages: Deque<EngineMessage> = []
  /// The inputs from this turn's messages. All are handled in the turn whose commit trims the
  /// messages, so nothing is ever missing in both the stream and the journal.
  var arrivals: [EngineInput] = []
  /// Whether the next message depends on how these arrivals change the run.
  var needsTurn = false
  /// Consequences of earlier inputs.
  var inputs: Deque<EngineInput> = []
  /// Jobs that have ended according to their invoker, for instance because their executor is gone.
  /// Their reports may still be on their way.
  var reportedEnds: [JobID: InvokerNews.Ended] = [:]
  /// Jobs that the infrastructure has refused for now, to be submitted again later.
  var refused: Set<AttemptID> = []
  var pendingReasons = PendingReasons()
  /// The jobs whose end was in Redis when this turn first looked; `nil` if it has not looked.
  var finishedInRedis: Set<String>?
  /// Whether this turn has killed what still ran of the suspect jobs.
  var hasKilledOrphans = false
  /// Whether this turn has read what dead executors left on disk.
  var hasReadLeftEnds = false
  var leftResultsRetryCount = 0
  /// Files whose ends were read but are not committed yet.
  var leftResultsFiles: [ProcessFile.LeftFile] = []
  /// Workers by name, with the number of heartbeats missed in a row.
  var knownWorkers: [String: Int] = [:]
  /// Why workers cannot take jobs, by name.
  var workerProblems: [String: String] = [:]
  /// Workers that the invoker started and that have ended.
  var endedWorkers: Set<String> = []
  /// Attempts of foreign executors that were told to end because they exceeded their time limit,
  /// with that limit in seconds.
  var overdue: [AttemptID: Double] = [:]
  /// Commands for the next commit.
  var cleanUp: [RedisCommand] = []
  /// Results of functions with a delay, by job id.
  var delayed: [String: [EngineInput]] = [:]
  /// Remarks for people, for the next commit.
  var notices: [String] = []
  var replayMemory = ReplayMemory()
  /// Writes `status.json`, for lists of runs whose Redis is gone.
  let statusWriter: StatusWriter
  /// Whether the notice that functions cannot log in to Redis was given.
  var isFunctionNoticeJournaled = false
  /// The jobs' directory when it was last checked; `nil` if it was missing.
  var jobPlace: String?
  var closeIsAsked = false
  /// A signal has told this process to stop, so watchers do not keep the run open.
  var closesWhenSettled = false
  /// Whether the notice that watchers keep the run open was given since the run settled.
  var staysOpenNoticeGiven = false
  var isClosed = false
  /// The state of a taken-over run, until `run` starts; `nil` for a new run.
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
    reportWaitMilliseconds = parts.reportWaitMilliseconds
    jobPlace = plan.info.directory
  }

  /// Brings the engine to the end of the journal, and finds out what happened to the jobs.
  func adopt(_ takeOver: RunTakeOver) async throws(RunnerError) {
    tally = RunTally(takeOver.state)
    invokers.restore(takeOver.state.allocations)
    guard tally.startedAt != nil else {
      // The former engine was killed before the run started: there may be executors, but no jobs.
      return invokers.adopt([])
    }
    former = takeOver.state
    try await resume(takeOver)
  }

  /// Runs until the run is closed; returns its final status.
  func run() async throws(RunnerError) -> RunStatus {
    // The jobs' directory may have been moved since the run started.
    former?.runsJobs(in: plan.info.directory)
    observer.runStarted(former?.info) { former ?? RunState(workflow: plan.workflow) }
    let journaled = former.map { Set($0.notices.map(\.text)) }
    // The observer owns the state now and changes it: with a second owner, the change would copy
    // it.
    former = nil
    if journaled == nil { try await begin() }
    notices += plan.serverWarnings
    try await journalStartNotices(besides: journaled ?? [])
    host.after(milliseconds: Journal.leaseMilliseconds / 3, .lease)
    while !isClosed {
      let isIdle = unreadMessages.isEmpty && inputs.isEmpty && !machine.mayProceed
      unreadMessages.append(contentsOf: isIdle ? await inbox.nextAll() ?? [] : inbox.takeAll())
      try await readMessages()
      try await runTurn()
      await setPace()
      try await closeWhenOver()
    }
    return machine.status
  }

  private func setPace() async {
    let joined = tally.joinedSlots
    let slots = joined == 0 ? 0 : max(joined, tally.slots ?? 0)
    pace.milliseconds = CommitDelay.milliseconds(jobsAhead: invokers.jobsAhead, slots: slots)
  }

  /// Handles the run's first inputs in a turn of their own: `runStarted` must come first, even if a
  /// worker joins before it.
  private func begin() async throws(RunnerError) {
    inputs.append(.start(plan.info))
    inputs.append(.engineStarted(Self.identity(takeOvers: 0)))
    for signal in plan.inputsToSend { inputs.append(.signal(signal, .bare)) }
    try await runTurn()
  }

  /// Journals the notices about where the run is, except those that the journal has already.
  private func journalStartNotices(besides journaled: Set<String>) async throws(RunnerError) {
    notices += plan.notices.filter { !journaled.contains($0) }
    if !notices.isEmpty { try await runTurn() }
  }

  static func identity(takeOvers: Int) -> EngineInfo {
    EngineInfo(
      host: Environment.hostName, pid: Environment.processID, takeOvers: takeOvers)
  }
}
