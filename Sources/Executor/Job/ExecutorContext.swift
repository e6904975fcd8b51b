import JobProtocol
import Posix
import Redis

/// State shared by the jobs of one executor process.
final class ExecutorContext {
  let settings: ExecutorSettings
  let identity: ExecutorIdentity
  /// Where reports and output go.
  let commands: RedisLink
  let ends: UnreportedResults
  private(set) var reports = ReportBatch()
  let controlGroup = ControlGroup.forThisProcess()
  private var memoryKills: MemoryKills
  /// On a host that does not share the run's directory.
  let stager: Stager?
  let guardian: Guardian
  private var knownPeak = 0
  private var holders: (seen: PipeHolders, at: Int)?
  /// Whether the run is gone from Redis, so that reports must not create its keys again.
  private(set) var runIsGone = false
  /// Images that have run here, so they need not be looked for.
  private(set) var knownImages: Set<String> = []
  private var usedTools: Set<ContainerTool> = []
  /// Also prints the output of jobs on the executor's own output; `nil` for no echo.
  var echo: ConsoleEcho?
  /// Whether the infrastructure is ending this executor.
  var isPreempted: () -> Bool = { false }

  init(
    settings: ExecutorSettings, identity: ExecutorIdentity, commands: RedisLink,
    guardian: Guardian, ends: UnreportedResults, stager: Stager? = nil
  ) {
    self.stager = stager
    self.ends = ends
    self.guardian = guardian
    self.settings = settings
    self.identity = identity
    self.commands = commands
    memoryKills = MemoryKills(count: controlGroup.killCount)
  }

  /// The value of a job's claim key; unique to this process.
  var claimMark: String { "\(identity.name) \(settings.handlerID)" }

  /// Reports that a job is taken or started. The report waits a moment for others, to be sent with
  /// them.
  func report(_ report: JobReport, by reporter: Reporter) {
    if reporter.isBatched {
      reports.add(report, to: reporter.reportsKey, now: Clock.monotonicMilliseconds)
    } else if reporter.transport == .reports {
      commands.send(Reporter.entry([report], in: reporter.reportsKey))
    }
  }

  /// Sends the gathered reports, if one of them is due.
  func sendDueReports(now: Int) {
    if let dueAt = reports.dueAt, now >= dueAt { sendReports() }
  }

  /// Sends the gathered reports before whatever is sent next.
  func sendReports() {
    for entry in reports.removeAll() {
      let command = Reporter.entry(entry.reports, in: entry.stream, mayMake: !runIsGone)
      let ended = entry.ended
      commands.send(command, ended.isEmpty ? .acknowledgement : .reported(jobs: ended))
    }
  }

  /// Reports the result of a job; kept on disk until it is acknowledged.
  func report(_ ending: Ending, usage: JobUsage, by reporter: Reporter, at time: Int) {
    ends.keep(
      UnreportedResult(
        job: reporter.job, transport: reporter.transport, code: ending.code,
        outcome: ending.outcome, usage: usage, time: time))
    if reporter.isBatched {
      let report = JobReport.finished(
        job: reporter.job, outcome: ending.outcome, usage: usage, at: time)
      return reports.add(report, to: reporter.reportsKey, now: Clock.monotonicMilliseconds)
    }
    let words = reporter.finished(ending, usage: usage, at: time, mayMake: !runIsGone)
    for word in words.dropLast() { commands.send(word) }
    if let last = words.last { commands.send(last, .reported(jobs: [reporter.job])) }
  }

  /// Handles that the run of these jobs is gone from Redis: deletes keys that reports have created
  /// since.
  func forgetRun(of jobs: [String]) {
    runIsGone = true
    let keys = Set(jobs.map(RunKeys.reports) + jobs.map(RunKeys.log))
    commands.send(RedisCommand(["UNLINK"] + keys))
  }

  /// The peak memory of this process in kilobytes. It only grows, so it is read again only if
  /// a job's figure may be just that.
  func ownPeak(besides kilobytes: Int) -> Int {
    if kilobytes > knownPeak + JobMemory.imprecision { knownPeak = JobMemory.ownPeak }
    return knownPeak
  }

  /// Whether this executor uses a container tool for the first time. Then containers of dead
  /// executors may have to be removed.
  func isFirstUse(of tool: ContainerTool) -> Bool { usedTools.insert(tool).inserted }

  func note(image: String, isPresent: Bool) {
    if isPresent { knownImages.insert(image) } else { knownImages.remove(image) }
  }

  func guardGroup(of child: Child) { guardian.add(child) }
  func releaseGroup(of child: Child) { guardian.remove(child) }

  /// The processes that hold pipes, at most a second old; shared by all jobs.
  func holders(of pipes: [UInt], now: Int) -> [Int32] {
    if let holders, now - holders.at < 1000 { return holders.seen.processes(of: pipes) }
    let seen = PipeHolders.now()
    holders = (seen, now)
    return seen.processes(of: pipes)
  }

  /// Updates the kernel's count of out-of-memory kills, so that an old kill explains nothing.
  func observeMemoryKills() {
    memoryKills.observe(controlGroup.killCount, now: Clock.monotonicMilliseconds)
  }

  /// Whether the kernel's count explains a SIGKILL that was just seen.
  func explainsKill() -> Bool {
    memoryKills.explain(controlGroup.killCount, now: Clock.monotonicMilliseconds)
  }
}
