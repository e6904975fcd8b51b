import JobProtocol
import Posix
import Redis

/// What the jobs of one executor process share.
final class Workshop {
  let settings: ExecutorSettings
  let identity: ExecutorIdentity
  /// Where reports and output go.
  let commands: RedisLink
  let ends: UnreportedEnds
  let controlGroup = ControlGroup.ofThisProcess()
  private var memoryKills: MemoryKills
  let guardian: Guardian
  private var knownPeak = 0
  private var holders: (seen: PipeHolders, at: Int)?
  /// The run is not in Redis any more: what is said about its jobs must not bring keys back.
  private(set) var runIsGone = false

  init(
    settings: ExecutorSettings, identity: ExecutorIdentity, commands: RedisLink,
    guardian: Guardian, ends: UnreportedEnds
  ) {
    self.ends = ends
    self.guardian = guardian
    self.settings = settings
    self.identity = identity
    self.commands = commands
    memoryKills = MemoryKills(count: controlGroup.killCount)
  }

  /// The value of a job's key that says who starts it: no other process has the same.
  var claimMark: String { "\(identity.name) \(settings.handlerID)" }

  /// Reports the end of a job. Until that is acknowledged, it is kept on disk.
  func report(_ ending: Ending, usage: JobUsage, by reporter: Reporter, at time: Int) {
    ends.keep(
      UnreportedEnd(
        job: reporter.job, transport: reporter.transport, code: ending.code,
        outcome: ending.outcome, usage: usage, time: time))
    let words = reporter.finished(ending, usage: usage, at: time, mayMake: !runIsGone)
    for word in words.dropLast() { commands.send(word) }
    if let last = words.last { commands.send(last, .reported(job: reporter.job)) }
  }

  /// The run of these jobs is not in Redis any more. What was said since goes, too.
  func forgetRun(of jobs: [String]) {
    runIsGone = true
    let keys = Set(jobs.map(RunKeys.reports) + jobs.map(RunKeys.log))
    commands.send(RedisCommand(["UNLINK"] + keys))
  }

  /// The largest that this process has been, in kilobytes, beside a figure that may be no other
  /// than that. It only grows, so it is asked for again only where that could matter.
  func ownPeak(besides kilobytes: Int) -> Int {
    if kilobytes > knownPeak + JobMemory.imprecision { knownPeak = JobMemory.ownPeak }
    return knownPeak
  }

  func guardGroup(of child: Child) { guardian.add(child) }
  func releaseGroup(of child: Child) { guardian.remove(child) }

  /// The processes that have pipes open, as they were at most a second ago: all jobs share a look.
  func holders(of pipes: [UInt], now: Int) -> [Int32] {
    if let holders, now - holders.at < 1000 { return holders.seen.processes(of: pipes) }
    let seen = PipeHolders.now()
    holders = (seen, now)
    return seen.processes(of: pipes)
  }

  /// Looks now and then whether the kernel kills for memory, so that an old kill explains nothing.
  func observeMemoryKills() {
    memoryKills.observe(controlGroup.killCount, now: Clock.monotonicMilliseconds)
  }

  /// Whether the kernel's count explains a SIGKILL that has just been seen.
  func explainsKill() -> Bool {
    memoryKills.explain(controlGroup.killCount, now: Clock.monotonicMilliseconds)
  }
}
