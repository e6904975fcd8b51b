import Glibc
public import JobProtocol
import Posix

/// Workers in allocations of Slurm: as many as the waiting jobs need, within limits.
///
/// Workers are submitted as job arrays: one call for many. One call of `squeue` shows the states of
/// all. Slurm knows nothing about the run's tasks, which flow over Redis.
///
/// | when | `squeue` is called |
/// |---|---|
/// | after a submission | after 0.5 s, 1 s, 2 s |
/// | while an allocation is pending | every 5 s |
/// | otherwise, while there are allocations | every 15 s |
/// | without allocations and waiting jobs | never |
public actor SlurmSite: WorkerSite {
  let settings: SiteSettings
  private let access: WorkerAccess
  private let deliver: @Sendable (SiteNews) -> Void
  private let submission: SlurmSubmission
  var elastic: Elastic
  let slurm = SlurmCommands()
  private(set) var ledger: SlurmLedger
  private var waiting = 0
  private var arrayLimit = 1001
  /// How many workers are submitted at a time; halved when Slurm refuses the number.
  private var submissionSize = WorkerRange.limit
  private var isStopping = false
  private var task: Task<Void, Never>?
  var nextPoll = 0
  private var pollPause = 500
  /// When the next submission may be made, in monotonic milliseconds.
  var nextSubmission = 0
  private var submissionPause = RestartPause(first: 5000, longest: 120_000)
  private var lastProblem = ""
  /// Whether a submission may have been accepted although `sbatch` has failed.
  private var hasUnknownSubmission = false
  private var startFailures = StartFailures()

  public init(
    _ settings: SiteSettings, _ access: WorkerAccess,
    deliver: @escaping @Sendable (SiteNews) -> Void
  ) {
    self.settings = settings
    self.access = access
    self.deliver = deliver
    submission = SlurmSubmission(settings: settings, access: access)
    elastic = Elastic(range: settings.workers, slots: submission.slots)
    ledger = SlurmLedger(site: settings.name)
  }

  public func begin(_ former: [Allocation]) async throws(SiteError) {
    try submission.writeEnvironment(of: "workers")
    // Not for a resumed run: it has workers, and a controller that is down may come up again.
    if former.isEmpty {
      do throws(SiteError) {
        try await slurm.check(submission.command(count: 1), script: script(exitsWhenIdle: true))
      } catch {
        throw named(error)
      }
      let lines = await slurm.mistakes(in: settings)
      guard lines.isEmpty else { throw named(SiteError(lines)) }
    }
    arrayLimit = await slurm.arrayLimit()
    for allocation in former { ledger.restore(allocation) }
    await poll()
    task = Task { await keepWorkers() }
  }

  private func named(_ error: SiteError) -> SiteError {
    SiteError(error.lines.map { "site \(settings.name): \($0)" })
  }

  private var executor: String { settings.executor ?? access.executor ?? "" }

  /// - Parameter exitsWhenIdle: The worker exits when it has had no job for a while.
  private func script(exitsWhenIdle: Bool) -> String {
    submission.script(executor: executor, idle: exitsWhenIdle ? settings.idle : nil)
  }

  public func demand(_ waiting: Int) { self.waiting = waiting }

  // MARK: Polling and submitting

  private func keepWorkers() async {
    while !isStopping {
      await Ticker.pause(milliseconds: 100)
      let now = Clock.monotonicMilliseconds
      if now >= nextPoll, !ledger.active.isEmpty || hasUnknownSubmission { await poll() }
      if !isStopping, Clock.monotonicMilliseconds >= nextSubmission { await submit() }
    }
  }

  private func poll() async {
    do throws(SiteError) {
      let rows = try await slurm.jobs(named: submission.name)
      hasUnknownSubmission = false
      report(ledger.update(rows, now: Clock.monotonicMilliseconds))
    } catch {
      // If Slurm does not answer, the states are unknown, so nothing counts as ended.
      reportProblem(error)
    }
    pollPause = min(pollPause * 2, ledger.pending > 0 ? 5000 : 15_000)
    nextPoll = Clock.monotonicMilliseconds + pollPause
  }

  private func report(_ changes: [SlurmLedger.Change]) {
    guard !changes.isEmpty else { return }
    var news = SiteNews(allocations: changes.map(\.allocation))
    for change in changes where change.allocation.state == .ended {
      let life = ledger.runningSince[change.allocation.id].map { Clock.monotonicMilliseconds - $0 }
      let isFailure = change.allocation.reason == SlurmReason.ended("FAILED")
      var reason = change.allocation.reason
      if isFailure, let line = lastLogLine(of: change.allocation.id) { reason += ": \(line)" }
      // Slurm reports an unresponsive node as failed, but its processes may still run.
      let isCertain = change.allocation.reason != SlurmReason.ended("NODE_FAIL")
      news.endedWorkers.append(
        .init(
          names: SlurmSubmission.names(of: change.worker),
          reason: reason.isEmpty ? "it left" : reason, isCertain: isCertain))
      if isFailure, life ?? 0 < StartFailures.shortLife {
        news.notices += failedToStart(reason)
      } else if !isFailure {
        startFailures.succeeded()
      }
    }
    // A requeued job has lost its worker.
    for change in changes where change.allocation.state == .pending && change.hasRun {
      news.endedWorkers.append(
        .init(
          names: SlurmSubmission.names(of: change.worker),
          reason: "Slurm has requeued its job", isCertain: false))
    }
    deliver(news)
  }

  private func lastLogLine(of id: String) -> String? {
    SlurmLog.lastLine(of: Files.join(access.filesDirectory, "\(id).log"))
  }

  private func failedToStart(_ reason: String) -> [String] {
    guard let failure = startFailures.add(reason, at: settings.name) else { return [] }
    nextSubmission = Clock.monotonicMilliseconds + failure.pause
    return [failure.notice]
  }

  private func submit() async {
    let missing = elastic.missing(
      waiting: waiting, pending: ledger.pending, running: ledger.running,
      justStarted: ledger.justStarted)
    let count = min(submissionSize, max(missing, elastic.requested))
    guard count > 0 else { return }
    // The minimum number of workers stays although they have no jobs.
    let staying = max(0, elastic.range.minimum - ledger.pending - ledger.running)
    let permanent = Elastic.arrays(of: min(staying, count), limit: arrayLimit)
    let temporary = Elastic.arrays(of: max(0, count - staying), limit: arrayLimit)
    for (size, isElastic) in permanent.map({ ($0, false) }) + temporary.map({ ($0, true) }) {
      do throws(SiteError) {
        let id = try await slurm.submit(
          submission.command(count: size), script: script(exitsWhenIdle: isElastic))
        lastProblem = ""
        submissionPause.succeeded()
        submissionSize = min(WorkerRange.limit, submissionSize * 2)
        elastic.requested = max(0, elastic.requested - size)
        report(ledger.submitted(id, count: size))
      } catch {
        reportProblem(error)
        if SlurmReason.isLimitOfJobs(error) { submissionSize = max(1, size / 2) }
        // The submission may have been accepted nevertheless: poll before the next one.
        hasUnknownSubmission = true
        nextSubmission = Clock.monotonicMilliseconds + submissionPause.next()
        nextPoll = nextSubmission - 100
        return
      }
    }
    pollPause = 250
    nextPoll = Clock.monotonicMilliseconds + pollPause
    nextSubmission = Clock.monotonicMilliseconds + 1000
  }

  private func reportProblem(_ error: SiteError) {
    let text = named(error).lines.joined(separator: "; ")
    guard text != lastProblem else { return }
    lastProblem = text
    deliver(SiteNews(notices: ["\(text); this is tried again"]))
  }

  // MARK: The end

  public func stop() async {
    isStopping = true
    await Ticker.wait(atMost: 3000) { await self.task?.value }
    if hasUnknownSubmission { await poll() }
    var remaining = ledger.active
    for _ in 0..<3 where !remaining.isEmpty {
      let arrays = Self.arrays(of: remaining)
      do throws(SiteError) {
        try await slurm.cancel(arrays)
        let rows = try await slurm.jobs(named: submission.name)
        remaining = rows.filter(\.mustBeCancelled).map(\.id)
        report(ledger.update(rows, now: Clock.monotonicMilliseconds))
      } catch {
        reportProblem(error)
      }
      if !remaining.isEmpty { await Ticker.pause(milliseconds: 300) }
    }
    unlink(submission.environmentFile)
    guard !remaining.isEmpty else { return }
    deliver(
      SiteNews(notices: [
        "site \(settings.name): jobs may still run in Slurm; to cancel them: scancel -n "
          + submission.name
      ]))
  }

  /// The ids of whole arrays, each once.
  static func arrays(of ids: [String]) -> [String] {
    var seen: Set<String> = []
    return ids.map { String($0.prefix { $0 != "_" }) }.filter { seen.insert($0).inserted }
  }
}

extension SlurmSubmission {
  /// Writes the variables of the site's workers or jobs where their scripts read them.
  ///
  /// - Parameter what: `workers` or `jobs`, for the error message.
  func writeEnvironment(of what: String) throws(SiteError) {
    guard let url = access.networkURL else {
      throw SiteError(
        "site \(settings.name): its \(what) cannot reach the run's Redis; give --redis-listen "
          + "ADDRESS with an address of this host that they can reach")
    }
    do throws(PosixError) {
      try Files.write(Array(environment(url: url).utf8), to: environmentFile, mode: 0o600)
    } catch {
      throw SiteError("site \(settings.name): \(error)")
    }
  }
}
