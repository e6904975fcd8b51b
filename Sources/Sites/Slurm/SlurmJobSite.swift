import Glibc
import JobProtocol
import Posix

/// What happens to jobs that Slurm runs.
public enum SlurmJobNews: Sendable, Equatable {
  case accepted(job: String, id: String)
  case pending(job: String, reason: String)
  case ended(job: String, SlurmEnd)
  /// Taken back: no executor had it.
  case withdrawn(job: String)
  /// Slurm will never run it.
  case refused(job: String, reason: String)
  case notice(String)
}

/// Runs each job as a job of Slurm: `mode = "jobs"`. Jobs of the same stage that ask for the same
/// are one array, and one `squeue` for all tells what became of them.
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
  private let tell: @Sendable ([SlurmJobNews]) -> Void
  private let submission: SlurmSubmission
  private let slurm = SlurmCommands()
  private var ledger = SlurmBatchLedger()
  private var waiting: [SlurmTask] = []
  /// The submission whose fate is not known.
  private var uncertain: SlurmBatch?
  private var cancelling: Set<String> = []
  private var taken: Set<String> = []
  private var arrayLimit = 1001
  private var portion = WorkerRange.limit
  private var isPaused = false
  private var isStopping = false
  private var task: Task<Void, Never>?
  private var nextLook = 0
  private var lookPause = 500
  private var nextSubmission = 0
  private var pause = RestartPause(first: 5000, longest: 120_000)
  private var complaint = ""

  /// How long jobs are gathered for one array, in milliseconds.
  private static let gather = 200

  public init(
    _ settings: SiteSettings, _ access: WorkerAccess,
    tell: @escaping @Sendable ([SlurmJobNews]) -> Void
  ) {
    self.settings = settings
    self.access = access
    self.tell = tell
    submission = SlurmSubmission(settings: settings, access: access)
  }

  /// - Parameter isNew: Otherwise a former engine of the run has submitted jobs.
  public func begin(isNew: Bool) async throws(SiteError) {
    try submission.writeEnvironment(of: "jobs")
    if isNew {
      let probe = SlurmBatch(name: submission.batchPrefix + "probe", options: [], jobs: ["probe"])
      do throws(SiteError) {
        try await slurm.check(submission.words(for: probe), script: script(of: probe))
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
      nextSubmission = max(nextSubmission, Clock.monotonicMilliseconds + Self.gather)
    }
    waiting += tasks
  }

  /// Finds the jobs that a former engine has submitted; the others are submitted.
  ///
  /// - Parameter former: With whether an executor had taken the job.
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
    tell(news)
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

  /// Takes back what was not submitted yet.
  public func withdraw(_ jobs: [String]) -> Set<String> {
    let wanted = Set(jobs)
    let here = Set(waiting.map(\.job)).intersection(wanted)
    waiting.removeAll { here.contains($0.job) }
    return here
  }

  /// Cancels what waits in Slurm; what runs hears it from its executor's orders.
  public func cancel(_ jobs: [String]) async throws(SiteError) {
    let pending = jobs.filter { ledger.isPending($0) && !taken.contains($0) }
    cancelling.formUnion(pending)
    guard !pending.isEmpty else { return }
    try await slurm.cancel(pending.compactMap(ledger.id), state: "PENDING")
    nextLook = 0
  }

  public func pause(_ on: Bool) async throws(SiteError) {
    isPaused = on
    let ids = SlurmSite.arrays(of: ledger.living)
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
        complain(error)
      }
      await Ticker.pause(milliseconds: 300)
    }
    unlink(submission.environmentFile)
    tell([
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
      if now >= nextLook, !ledger.isEmpty { await poll() }
      if !isStopping, !isPaused, !waiting.isEmpty || uncertain != nil, now >= nextSubmission {
        await submitWaiting()
      }
    }
  }

  private func poll() async {
    do throws(SiteError) {
      report(ledger.update(try await slurm.jobs(withPrefix: submission.batchPrefix).jobs))
    } catch {
      complain(error)
    }
    lookPause = min(lookPause * 2, ledger.hasPending ? 5000 : 15_000)
    nextLook = Clock.monotonicMilliseconds + lookPause
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
      guard case .lost(let reason) = end, let words = lastLogLine(of: change.id) else {
        return Self.news(change)
      }
      return .ended(job: change.job, .lost("\(reason): \(words)"))
    }
    if !news.isEmpty { tell(news) }
  }

  private func lastLogLine(of id: String) -> String? {
    SlurmLog.lastLine(of: Files.join(access.filesDirectory, "\(id).log"))
  }

  private func submitWaiting() async {
    if let batch = uncertain {
      guard await isSubmitted(batch) == false else { return }
      uncertain = nil
    }
    let limit = min(arrayLimit, portion)
    for batch in SlurmBatch.batches(of: waiting, prefix: submission.batchPrefix, limit: limit) {
      guard !isStopping, !isPaused else { return }
      guard await submit(batch) else { return }
    }
  }

  /// Whether a submission that has failed was accepted all the same; `nil` if Slurm does not tell.
  private func isSubmitted(_ batch: SlurmBatch) async -> Bool? {
    do throws(SiteError) {
      let rows = try await slurm.jobs(withPrefix: submission.batchPrefix)
      guard let array = rows.arrays[batch.name] else { return false }
      uncertain = nil
      accepted(batch, as: array)
      report(ledger.update(rows.jobs))
      return true
    } catch {
      complain(error)
      nextSubmission = Clock.monotonicMilliseconds + pause.next()
      return nil
    }
  }

  private func accepted(_ batch: SlurmBatch, as array: String) {
    waiting.removeAll { batch.jobs.contains($0.job) }
    tell(ledger.submitted(batch, as: array).map(Self.news))
    complaint = ""
    pause.succeeded()
    portion = min(WorkerRange.limit, portion * 2)
    lookPause = 250
    nextLook = Clock.monotonicMilliseconds + lookPause
  }

  /// Returns whether others may follow at once.
  private func submit(_ batch: SlurmBatch) async -> Bool {
    let path = submission.jobsFile(of: batch.name)
    let text = batch.jobs.joined(separator: "\n") + "\n"
    do throws(PosixError) {
      try Files.write(Array(text.utf8), to: path, mode: 0o600)
    } catch {
      complain(SiteError("\(error)"))
      nextSubmission = Clock.monotonicMilliseconds + pause.next()
      return false
    }
    do throws(SiteError) {
      let id = try await slurm.submit(submission.words(for: batch), script: script(of: batch))
      accepted(batch, as: id)
      return true
    } catch {
      if SlurmReason.isImpossible(error) {
        waiting.removeAll { batch.jobs.contains($0.job) }
        tell(batch.jobs.map { .refused(job: $0, reason: error.lines.joined(separator: "; ")) })
        return true
      }
      complain(error)
      if SlurmReason.isLimitOfJobs(error) {
        portion = max(1, batch.jobs.count / 2)
        tell(
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

  private func complain(_ error: SiteError) {
    let text = error.lines.map { "site \(settings.name): \($0)" }.joined(separator: "; ")
    guard text != complaint else { return }
    complaint = text
    tell([.notice("\(text); this is tried again")])
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
