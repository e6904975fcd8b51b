import Glibc
import JobProtocol
import Posix

/// What happens to jobs that Slurm runs.
public enum SlurmJobNews: Sendable, Equatable {
  case accepted(job: String, id: String)
  case pending(job: String, reason: String)
  case ended(job: String, SlurmEnd)
  /// The job was withdrawn: no executor had it.
  case withdrawn(job: String)
  /// Slurm will never run it.
  case refused(job: String, reason: String)
  case notice(String)
}

/// Runs each job as a job of Slurm: `mode = "jobs"`. Jobs of the same stage with the same requests
/// are one array, and one call of `squeue` shows the states of all.
///
/// A job's executor reports over Redis, so its end is known at once. Slurm is asked only for what
/// it alone knows: why a job is pending, and how one ended whose executor could not report.
///
/// | when | then |
/// |---|---|
/// | jobs come | gathered for a moment, then submitted in arrays of at most `MaxArraySize` |
/// | a submission fails | looked for by its name first, then repeated, later each time |
/// | Slurm refuses the number of jobs | half of them, and more again after a success |
/// | Slurm refuses what they ask for | the jobs fail with Slurm's words |
/// | the engine is replaced | arrays are found by their names, jobs by the files of the arrays |
public actor SlurmJobSite {
  private let settings: SiteSettings
  private let access: WorkerAccess
  private let deliver: @Sendable ([SlurmJobNews]) -> Void
  private let submission: SlurmSubmission
  private let slurm = SlurmCommands()
  private var ledger = SlurmBatchLedger()
  private var waiting: [SlurmTask] = []
  /// A submission that failed, but may have been accepted.
  private var uncertain: SlurmBatch?
  private var cancelling: Set<String> = []
  private var taken: Set<String> = []
  private var arrayLimit = 1001
  private var submissionSize = WorkerRange.limit
  private var isPaused = false
  private var isStopping = false
  private var task: Task<Void, Never>?
  private var nextPoll = 0
  private var pollPause = 500
  private var nextSubmission = 0
  private var pause = RestartPause(first: 5000, longest: 120_000)
  private var lastProblem = ""

  /// How long jobs are gathered for one array, in milliseconds.
  private static let gatherMilliseconds = 200

  public init(
    _ settings: SiteSettings, _ access: WorkerAccess,
    deliver: @escaping @Sendable ([SlurmJobNews]) -> Void
  ) {
    self.settings = settings
    self.access = access
    self.deliver = deliver
    submission = SlurmSubmission(settings: settings, access: access)
  }

  /// - Parameter isNew: Whether the run is new. Otherwise a former engine may have submitted jobs.
  public func begin(isNew: Bool) async throws(SiteError) {
    try submission.writeEnvironment(of: "jobs")
    if isNew {
      let probe = SlurmBatch(name: submission.batchPrefix + "probe", options: [], jobs: ["probe"])
      do throws(SiteError) {
        try await slurm.check(submission.command(for: probe), script: script(of: probe))
      } catch {
        throw SiteError(error.lines.map { "site \(settings.name): \($0)" })
      }
    }
    arrayLimit = await slurm.arrayLimit()
    if task == nil { task = Task { await self.serve() } }
  }

  private func script(of batch: SlurmBatch) -> String {
    submission.script(
      for: batch.name, executor: settings.executor ?? access.executor ?? "hflow-job-execute")
  }

  // MARK: Jobs

  public func submit(_ tasks: [SlurmTask]) {
    if waiting.isEmpty {
      nextSubmission = max(nextSubmission, Clock.monotonicMilliseconds + Self.gatherMilliseconds)
    }
    waiting += tasks
  }

  /// Finds the jobs that a former engine has submitted; the others are submitted.
  ///
  /// - Parameter former: The unfinished jobs. `isTaken`: an executor had taken the job.
  public func takeOver(
    _ former: [(task: SlurmTask, isTaken: Bool)]
  ) async throws(SiteError) {
    let rows = try await slurm.jobs(withPrefix: submission.batchPrefix)
    let wanted = Set(former.map(\.task.job))
    var news: [SlurmJobNews] = []
    for (name, array) in rows.arrays {
      let text = (try? Files.read(submission.jobsFile(of: name))) ?? []
      let jobs = String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
      let batch = SlurmBatch(name: name, options: [], jobs: jobs)
      news += ledger.submitted(batch, as: array).filter { wanted.contains($0.job) }.map(Self.news)
      for job in jobs where !wanted.contains(job) { ledger.forget(job) }
    }
    for (task, isTaken) in former {
      if isTaken { taken.insert(task.job) }
      if ledger.id(of: task.job) != nil { continue }
      if isTaken {
        news.append(.ended(job: task.job, SlurmEnd("GONE")))
      } else {
        submit([task])
      }
    }
    deliver(news)
    report(ledger.update(rows.jobs))
  }

  public func taken(_ jobs: [String]) { taken.formUnion(jobs) }

  public func ended(_ jobs: [String]) {
    for job in jobs {
      ledger.forget(job)
      taken.remove(job)
      cancelling.remove(job)
    }
    waiting.removeAll { jobs.contains($0.job) }
  }

  /// Removes jobs that were not submitted yet; returns them.
  public func withdraw(_ jobs: [String]) -> Set<String> {
    let wanted = Set(jobs)
    let here = Set(waiting.map(\.job)).intersection(wanted)
    waiting.removeAll { here.contains($0.job) }
    return here
  }

  /// Cancels pending jobs in Slurm. Executors of running jobs get an order to cancel.
  public func cancel(_ jobs: [String]) async throws(SiteError) {
    let pending = jobs.filter { ledger.isPending($0) && !taken.contains($0) }
    cancelling.formUnion(pending)
    guard !pending.isEmpty else { return }
    try await slurm.cancel(pending.compactMap(ledger.id), state: "PENDING")
    nextPoll = 0
  }

  public func pause(_ on: Bool) async throws(SiteError) {
    isPaused = on
    let ids = SlurmSite.arrays(of: ledger.active)
    if !ids.isEmpty { try await slurm.hold(on, ids) }
  }

  public func stop() async {
    isStopping = true
    await Ticker.wait(atMost: 3000) { await self.task?.value }
    for _ in 0..<3 {
      do throws(SiteError) {
        let rows = try await slurm.jobs(withPrefix: submission.batchPrefix)
        let left = rows.jobs.filter(\.mustBeCancelled).map(\.id)
        if left.isEmpty {
          unlink(submission.environmentFile)
          return
        }
        try await slurm.cancel(SlurmSite.arrays(of: left))
      } catch {
        reportProblem(error)
      }
      await Ticker.pause(milliseconds: 300)
    }
    unlink(submission.environmentFile)
    deliver([
      .notice(
        "site \(settings.name): jobs may still run in Slurm; see: squeue --me; to cancel them: "
          + "scancel JOBID")
    ])
  }

  // MARK: Slurm

  private func serve() async {
    while !isStopping {
      await Ticker.pause(milliseconds: 100)
      let now = Clock.monotonicMilliseconds
      if now >= nextPoll, !ledger.isEmpty { await poll() }
      if !isStopping, !isPaused, !waiting.isEmpty || uncertain != nil, now >= nextSubmission {
        await submitWaiting()
      }
    }
  }

  private func poll() async {
    do throws(SiteError) {
      report(ledger.update(try await slurm.jobs(withPrefix: submission.batchPrefix).jobs))
    } catch {
      reportProblem(error)
    }
    pollPause = min(pollPause * 2, ledger.hasPending ? 5000 : 15_000)
    nextPoll = Clock.monotonicMilliseconds + pollPause
  }

  private static func news(_ change: SlurmBatchLedger.Change) -> SlurmJobNews {
    switch change.kind {
    case .accepted, .running: .accepted(job: change.job, id: change.id)
    case .pending(let reason): .pending(job: change.job, reason: reason)
    case .ended(let end): .ended(job: change.job, end)
    }
  }

  private func report(_ changes: [SlurmBatchLedger.Change]) {
    let news = changes.compactMap { change -> SlurmJobNews? in
      if change.kind == .running { return nil }
      guard case .ended(let end) = change.kind else { return Self.news(change) }
      if cancelling.remove(change.job) != nil, !taken.contains(change.job) {
        return .withdrawn(job: change.job)
      }
      guard case .lost(let reason) = end, let line = lastLogLine(of: change.id) else {
        return Self.news(change)
      }
      return .ended(job: change.job, .lost("\(reason): \(line)"))
    }
    if !news.isEmpty { deliver(news) }
  }

  private func lastLogLine(of id: String) -> String? {
    SlurmLog.lastLine(of: Files.join(access.filesDirectory, "\(id).log"))
  }

  private func submitWaiting() async {
    if let batch = uncertain {
      guard await isSubmitted(batch) == false else { return }
      uncertain = nil
    }
    let limit = min(arrayLimit, submissionSize)
    for batch in SlurmBatch.batches(of: waiting, prefix: submission.batchPrefix, limit: limit) {
      guard !isStopping, !isPaused else { return }
      guard await submit(batch) else { return }
    }
  }

  /// Whether a failed submission was accepted nevertheless; `nil` if Slurm does not answer.
  private func isSubmitted(_ batch: SlurmBatch) async -> Bool? {
    do throws(SiteError) {
      let rows = try await slurm.jobs(withPrefix: submission.batchPrefix)
      guard let array = rows.arrays[batch.name] else { return false }
      uncertain = nil
      accepted(batch, as: array)
      report(ledger.update(rows.jobs))
      return true
    } catch {
      reportProblem(error)
      nextSubmission = Clock.monotonicMilliseconds + pause.next()
      return nil
    }
  }

  private func accepted(_ batch: SlurmBatch, as array: String) {
    waiting.removeAll { batch.jobs.contains($0.job) }
    deliver(ledger.submitted(batch, as: array).map(Self.news))
    lastProblem = ""
    pause.succeeded()
    submissionSize = min(WorkerRange.limit, submissionSize * 2)
    pollPause = 250
    nextPoll = Clock.monotonicMilliseconds + pollPause
  }

  /// Returns whether another submission may follow at once.
  private func submit(_ batch: SlurmBatch) async -> Bool {
    let path = submission.jobsFile(of: batch.name)
    let text = batch.jobs.joined(separator: "\n") + "\n"
    do throws(PosixError) {
      try Files.write(Array(text.utf8), to: path, mode: 0o600)
    } catch {
      reportProblem(SiteError("\(error)"))
      nextSubmission = Clock.monotonicMilliseconds + pause.next()
      return false
    }
    do throws(SiteError) {
      let id = try await slurm.submit(submission.command(for: batch), script: script(of: batch))
      accepted(batch, as: id)
      return true
    } catch {
      if SlurmReason.isImpossible(error) {
        waiting.removeAll { batch.jobs.contains($0.job) }
        deliver(batch.jobs.map { .refused(job: $0, reason: error.lines.joined(separator: "; ")) })
        return true
      }
      reportProblem(error)
      if SlurmReason.isLimitOfJobs(error) {
        submissionSize = max(1, batch.jobs.count / 2)
        deliver(
          batch.jobs.prefix(1000).map {
            .pending(job: $0, reason: error.lines.joined(separator: "; "))
          })
      } else {
        uncertain = batch
      }
      nextSubmission = Clock.monotonicMilliseconds + pause.next()
      return false
    }
  }

  private func reportProblem(_ error: SiteError) {
    let text = error.lines.map { "site \(settings.name): \($0)" }.joined(separator: "; ")
    guard text != lastProblem else { return }
    lastProblem = text
    deliver([.notice("\(text); this is tried again")])
  }
}

/// The rows of a site's arrays.
struct SlurmRows: Equatable {
  var jobs: [SlurmJob]

  /// The id of each array by its name.
  var arrays: [String: String] {
    Dictionary(jobs.map { ($0.name, $0.array) }) { first, _ in first }
  }
}

/// The files to which Slurm writes what its jobs print.
enum SlurmLog {
  static func lastLine(of path: String) -> String? {
    let bytes = (try? Files.read(path)) ?? []
    let lines = String(decoding: bytes.suffix(4096), as: UTF8.self).split(
      whereSeparator: \.isNewline)
    return lines.last { $0.contains(where: \.isLetter) }.map(String.init)
  }
}
