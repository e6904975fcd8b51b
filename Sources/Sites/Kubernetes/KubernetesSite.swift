public import JobProtocol
import Posix

/// Workers in pods of Kubernetes, as many as there is work for. Each is a Job of its own, made from
/// the same template as the Jobs of tasks.
///
/// One watch reports all pods of the site. Workers that have ended are deleted with their Jobs.
public actor KubernetesSite: WorkerSite {
  let settings: SiteSettings
  private let access: WorkerAccess
  private let run: KubernetesRun
  private let example: KubernetesTask
  private let kubectl: Kubectl
  private let deliver: @Sendable (SiteNews) -> Void
  private var elastic: Elastic
  private var ledger: KubernetesLedger
  private var waiting = 0
  private var isStopping = false
  private var tasks: [Task<Void, Never>] = []
  /// Submits and deletes Jobs; ends with `stop`.
  private var upkeep: Task<Void, Never>?
  private var pause = SubmissionPause()
  /// When the next submission may be made, in monotonic milliseconds.
  private var nextSubmission = 0
  private var nextEventQuery = 0
  private var lastProblem = ""
  /// Jobs to delete.
  private var finished: [String] = []
  private var startFailures = StartFailures()

  private static let tickMilliseconds = 250
  /// How often Kubernetes is asked why Jobs have no pods.
  private static let eventQueryMilliseconds = 5000
  /// A watch that ends sooner has failed.
  private static let shortWatch = 10_000

  public init(
    _ settings: SiteSettings, _ access: WorkerAccess, _ pods: WorkerPods,
    deliver: @escaping @Sendable (SiteNews) -> Void
  ) {
    self.settings = settings
    self.access = access
    self.deliver = deliver
    run = pods.run.forWorkers(hasKey: access.signingKey != nil)
    example = pods.example
    kubectl = Kubectl(run.place(partition: example.partition), run: run)
    elastic = Elastic(range: settings.workers, slots: settings.pool?.tasks ?? settings.slots ?? 1)
    ledger = KubernetesLedger(site: settings.name)
  }

  public func begin(_ former: [Allocation]) async throws(SiteError) {
    do throws(SiteError) {
      guard let url = access.networkURL else {
        throw SiteError("its workers cannot reach the run's Redis; give --redis-listen ADDRESS")
      }
      _ = try manifest(isPermanent: false)
      for allocation in former { ledger.restore(allocation) }
      // A resumed run does not fail if the cluster cannot be reached: it has workers there.
      if ledger.active.isEmpty { try await kubectl.checkRights() }
      try await kubectl.apply(secretOf: run, redisURL: url, signingKey: access.signingKey)
    } catch {
      throw SiteError(error.lines.map { "site \(settings.name): \($0)" })
    }
    guard tasks.isEmpty else { return }
    await compare()
    let upkeep = Task {
      for await _ in Ticker.ticks(every: Self.tickMilliseconds) {
        if self.isStopping { return }
        await self.keepWorkers()
      }
    }
    self.upkeep = upkeep
    tasks = [upkeep, Task { await self.follow() }]
  }

  private func manifest(
    isPermanent: Bool
  ) throws(SiteError) -> (worker: KubernetesWorker, manifest: JobManifest) {
    let random = String(UInt64.random(in: .min ... .max), radix: 36)
    let token = String((String(repeating: "0", count: 8) + random).suffix(8))
    let worker = KubernetesWorker(
      settings, run: "\(access.run)", queue: access.queue, example, token: token,
      isPermanent: isPermanent)
    do throws(SiteMistake) {
      let template = try run.template(partition: example.partition)
      return (worker, try JobManifest(worker, template, in: run))
    } catch {
      throw SiteError("\(error)")
    }
  }

  public func demand(_ waiting: Int) { self.waiting = waiting }

  // MARK: Watching

  private func follow() async {
    var failures = 0
    while !isStopping, !Task.isCancelled {
      let began = Clock.monotonicMilliseconds
      for await event in kubectl.watch() {
        if isStopping { return }
        let now = Clock.monotonicMilliseconds
        switch event {
        case .changed(let pod): report([ledger.observe(pod, now: now)].compactMap(\.self))
        case .deleted(let pod):
          report([ledger.observe(pod, isDeleted: true, now: now)].compactMap(\.self))
        }
      }
      if isStopping || Task.isCancelled { return }
      failures = Clock.monotonicMilliseconds - began < Self.shortWatch ? failures + 1 : 0
      if failures > 0 { await Ticker.pause(milliseconds: min(30_000, 500 << min(failures, 6))) }
      await compare()
    }
  }

  /// Finds what the watch has missed. If Kubernetes does not answer, nothing counts as ended.
  private func compare() async {
    let known = ledger.active
    do throws(SiteError) {
      let jobs = try await kubectl.jobs()
      let pods = try await kubectl.pods()
      report(ledger.compare(jobs, pods, known: known, now: Clock.monotonicMilliseconds))
    } catch {
      reportProblem(error)
    }
  }

  private func report(_ changes: [KubernetesLedger.Change]) {
    guard !changes.isEmpty else { return }
    var news = SiteNews(allocations: changes.map(\.allocation))
    for change in changes where change.allocation.state == .ended {
      finished.append(change.allocation.id)
      let reason = change.allocation.reason
      news.endedWorkers.append(
        .init(
          names: [change.allocation.worker], reason: reason.isEmpty ? "it left" : reason,
          isCertain: change.isCertain))
      if let failure = change.failure {
        let life = failure.runningSince.map { Clock.monotonicMilliseconds - $0 } ?? 0
        if life < StartFailures.shortLife { news.notices += failedToStart(reason) }
      } else {
        startFailures.succeeded()
      }
    }
    deliver(news)
  }

  private func failedToStart(_ reason: String) -> [String] {
    guard let failure = startFailures.add(reason, at: settings.name) else { return [] }
    nextSubmission = Clock.monotonicMilliseconds + failure.pause
    return [failure.notice]
  }

  // MARK: Submitting and deleting

  private func keepWorkers() async {
    if !finished.isEmpty {
      let jobs = finished
      finished = []
      // If this fails, `stop` deletes the Jobs at the end of the run.
      try? await kubectl.delete(jobs)
    }
    let now = Clock.monotonicMilliseconds
    if !isStopping, now >= nextSubmission { await submit() }
    if !isStopping, now >= nextEventQuery, !ledger.withoutPods.isEmpty {
      nextEventQuery = now + Self.eventQueryMilliseconds
      let reasons = await kubectl.failedCreations()
      report(reasons.compactMap { ledger.explain($0.key, $0.value) })
    }
  }

  private func submit() async {
    let missing = elastic.missing(
      waiting: waiting, pending: ledger.pending, running: ledger.running,
      justStarted: ledger.justStarted(now: Clock.monotonicMilliseconds))
    let count = min(pause.batch, max(missing, elastic.requested))
    guard count > 0 else { return }
    // The minimum number of workers stays although they have no jobs.
    let staying = max(0, elastic.range.minimum - ledger.pending - ledger.running)
    var batch: [(worker: KubernetesWorker, manifest: JobManifest)] = []
    do throws(SiteError) {
      for index in 0..<count { batch.append(try manifest(isPermanent: index < staying)) }
    } catch {
      return delaySubmission(after: error.lines.joined(separator: "; "))
    }
    let failures = await kubectl.create(batch.map(\.manifest))
    var changes: [KubernetesLedger.Change] = []
    var refusal: KubectlError?
    for (worker, manifest) in batch {
      if let failure = failures[manifest.name], failure != .exists {
        // If the Job was created nevertheless, it is found by its label.
        refusal = failure
      } else {
        changes.append(ledger.submitted(manifest.name, worker: worker.name))
      }
    }
    elastic.requested = max(0, elastic.requested - changes.count)
    report(changes)
    guard let refusal else {
      lastProblem = ""
      pause.succeeded()
      nextSubmission = Clock.monotonicMilliseconds + 500
      return
    }
    if let delay = pause.next(after: refusal) {
      nextSubmission = Clock.monotonicMilliseconds + delay
      reportProblem(SiteError(refusal.text))
    } else {
      delaySubmission(after: refusal.text)
    }
  }

  /// Waits before the next submission: a user may correct the cause of a refusal during the run.
  private func delaySubmission(after text: String) {
    nextSubmission = Clock.monotonicMilliseconds + startFailures.nextPause()
    reportProblem(SiteError(text))
  }

  private func reportProblem(_ error: SiteError) {
    let text = error.lines.joined(separator: "; ")
    guard text != lastProblem else { return }
    lastProblem = text
    deliver(SiteNews(notices: ["site \(settings.name): \(text); this is tried again"]))
  }

  // MARK: Steering

  public func steer(_ request: WorkersRequest) async -> WorkersAnswer {
    if request.change == .add {
      nextSubmission = min(nextSubmission, Clock.monotonicMilliseconds)
      return elastic.add(request.count, active: ledger.active.count)
    }
    let chosen = request.selectedWorkers(from: ledger.active, isRunning: ledger.isRunning) {
      $0 == $1 || ledger.worker(of: $0) == $1
    }
    guard !chosen.isEmpty else { return request.notFound }
    if request.change == .remove {
      do throws(SiteError) {
        try await kubectl.delete(chosen)
      } catch {
        return .refused(error.lines.joined(separator: "; "))
      }
    }
    elastic.lowerLimits(by: chosen.count, active: ledger.active.count)
    guard request.change == .drain else {
      return WorkersAnswer("\(chosen.count) deleted, their jobs are retried\(elastic.limitText)")
    }
    var answer = WorkersAnswer("\(chosen.count) finish their jobs and leave\(elastic.limitText)")
    answer.drained = chosen.compactMap(ledger.worker)
    return answer
  }

  public func stop() async {
    isStopping = true
    for task in tasks { task.cancel() }
    // Otherwise a Job that is being created would outlive the deletion.
    await upkeep?.value
    do throws(SiteError) {
      try await kubectl.deleteAll()
    } catch {
      deliver(
        SiteNews(notices: [
          "site \(settings.name): what the run has made in namespace \(kubectl.namespace) could "
            + "not be deleted: \(error.lines.joined(separator: "; "))"
        ]))
    }
  }
}
