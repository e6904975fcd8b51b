import Glibc
public import JobProtocol
import Posix

/// Workers in allocations of Slurm, as many as there is work for.
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
  private let tell: @Sendable (SiteNews) -> Void
  private let submission: SlurmSubmission
  var elastic: Elastic
  /// Workers that a user has asked for and that were not submitted yet.
  var wanted = 0
  let slurm = SlurmCommands()
  private(set) var ledger: SlurmLedger
  private var waiting = 0
  private var arrayLimit = 1001
  /// How many workers are submitted at a time; fewer after a refusal for their number.
  private var portion = WorkerRange.limit
  private var isStopping = false
  private var task: Task<Void, Never>?
  var nextLook = 0
  private var lookPause = 500
  /// When the next submission may be made, in monotonic milliseconds.
  var nextSubmission = 0
  private var submissionPause = RestartPause(first: 5000, longest: 120_000)
  private var complaint = ""
  /// Whether a submission may have been accepted although `sbatch` has failed.
  private var hasUnknownSubmission = false
  private var startFailures = StartFailures()

  public init(
    _ settings: SiteSettings, _ access: WorkerAccess, tell: @escaping @Sendable (SiteNews) -> Void
  ) {
    self.settings = settings
    self.access = access
    self.tell = tell
    submission = SlurmSubmission(settings: settings, access: access)
    elastic = Elastic(range: settings.workers, slots: submission.slots)
    ledger = SlurmLedger(site: settings.name)
  }

  public func begin(_ former: [Allocation]) async throws(SiteError) {
    try submission.writeEnvironment(of: "workers")
    // Not for a resumed run: it has workers, and a controller that is down will be back.
    if former.isEmpty {
      do throws(SiteError) {
        try await slurm.check(submission.words(count: 1), script: script(leaves: true))
      } catch {
        throw named(error)
      }
      let lines = await slurm.mistakes(in: settings)
      guard lines.isEmpty else { throw named(SiteError(lines)) }
    }
    arrayLimit = await slurm.arrayLimit()
    for allocation in former { ledger.recall(allocation) }
    await poll()
    task = Task { await keepWorkers() }
  }

  private func named(_ error: SiteError) -> SiteError {
    SiteError(error.lines.map { "site \(settings.name): \($0)" })
  }

  private var executor: String { settings.executor ?? access.executor ?? "" }

  /// - Parameter leaves: The worker exits when it has had no job for a while.
  private func script(leaves: Bool) -> String {
    submission.script(executor: executor, idle: leaves ? settings.idle : nil)
  }

  public func demand(_ waiting: Int) { self.waiting = waiting }

  // MARK: Looking and submitting

  private func keepWorkers() async {
    while !isStopping {
      await Ticker.pause(milliseconds: 100)
      let now = Clock.monotonicMilliseconds
      if now >= nextLook, !ledger.living.isEmpty || hasUnknownSubmission { await poll() }
      if !isStopping, Clock.monotonicMilliseconds >= nextSubmission { await submit() }
    }
  }

  private func poll() async {
    do throws(SiteError) {
      let rows = try await slurm.jobs(named: submission.name)
      hasUnknownSubmission = false
      report(ledger.update(rows, now: Clock.monotonicMilliseconds))
    } catch {
      // If Slurm does not answer, the states are unknown: nothing counts as ended.
      complain(error)
    }
    lookPause = min(lookPause * 2, ledger.pending > 0 ? 5000 : 15_000)
    nextLook = Clock.monotonicMilliseconds + lookPause
  }

  private func report(_ changes: [SlurmLedger.Change]) {
    guard !changes.isEmpty else { return }
    var news = SiteNews(allocations: changes.map(\.allocation))
    for change in changes where change.allocation.state == .ended {
      let life = ledger.runningSince[change.allocation.id].map { Clock.monotonicMilliseconds - $0 }
      let isFailure = change.allocation.reason == SlurmReason.ended("FAILED")
      var reason = change.allocation.reason
      if isFailure, let words = lastLogLine(of: change.allocation.id) { reason += ": \(words)" }
      // Slurm gives up a node whose daemon does not answer, but its processes may live.
      let isCertain = change.allocation.reason != SlurmReason.ended("NODE_FAIL")
      news.endedWorkers.append(
        .init(
          names: SlurmSubmission.names(of: change.worker),
          reason: reason.isEmpty ? "it left" : reason, isCertain: isCertain))
      if isFailure, life ?? 0 < StartFailures.shortLife {
        news.notices += failedToStart(reason)
      } else if !isFailure {
        startFailures.hasServed()
      }
    }
    // A job that Slurm has queued again has lost its worker.
    for change in changes where change.allocation.state == .pending && change.hasRun {
      news.endedWorkers.append(
        .init(
          names: SlurmSubmission.names(of: change.worker),
          reason: "Slurm has requeued its job", isCertain: false))
    }
    tell(news)
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
      waiting: waiting, pending: ledger.pending, running: ledger.running, fresh: ledger.fresh)
    let count = min(portion, max(missing, wanted))
    guard count > 0 else { return }
    // The least number stays although it has no jobs.
    let staying = max(0, elastic.range.least - ledger.pending - ledger.running)
    let stays = Elastic.arrays(of: min(staying, count), limit: arrayLimit)
    let leaves = Elastic.arrays(of: max(0, count - staying), limit: arrayLimit)
    for (size, isElastic) in stays.map({ ($0, false) }) + leaves.map({ ($0, true) }) {
      do throws(SiteError) {
        let id = try await slurm.submit(
          submission.words(count: size), script: script(leaves: isElastic))
        complaint = ""
        submissionPause.succeeded()
        portion = min(WorkerRange.limit, portion * 2)
        wanted = max(0, wanted - size)
        report(ledger.submitted(id, count: size))
      } catch {
        complain(error)
        if SlurmReason.isLimitOfJobs(error) { portion = max(1, size / 2) }
        // The submission may have been accepted all the same: look before the next one.
        hasUnknownSubmission = true
        nextSubmission = Clock.monotonicMilliseconds + submissionPause.next()
        nextLook = nextSubmission - 100
        return
      }
    }
    lookPause = 250
    nextLook = Clock.monotonicMilliseconds + lookPause
    nextSubmission = Clock.monotonicMilliseconds + 1000
  }

  private func complain(_ error: SiteError) {
    let text = named(error).lines.joined(separator: "; ")
    guard text != complaint else { return }
    complaint = text
    tell(SiteNews(notices: ["\(text); this is tried again"]))
  }

  // MARK: The end

  public func stop() async {
    isStopping = true
    await Ticker.wait(atMost: 3000) { await self.task?.value }
    if hasUnknownSubmission { await poll() }
    var survivors = ledger.living
    for _ in 0..<3 where !survivors.isEmpty {
      let arrays = Self.arrays(of: survivors)
      do throws(SiteError) {
        try await slurm.cancel(arrays)
        let rows = try await slurm.jobs(named: submission.name)
        survivors = rows.filter(\.mustBeCancelled).map(\.id)
        report(ledger.update(rows, now: Clock.monotonicMilliseconds))
      } catch {
        complain(error)
      }
      if !survivors.isEmpty { await Ticker.pause(milliseconds: 300) }
    }
    unlink(submission.environmentFile)
    guard !survivors.isEmpty else { return }
    tell(
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
  /// - Parameter what: What reaches Redis with them, for the error: `workers`, `jobs`.
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
