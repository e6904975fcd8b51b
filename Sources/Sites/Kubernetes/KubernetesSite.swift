public import JobProtocol
import Posix

/// Workers in pods of Kubernetes, as many as there is work for. Each is a Job of its own, made from
/// the same template as the Jobs of tasks.
///
/// One watch tells about all pods of the site. Workers that have ended are deleted with their Jobs.
public actor KubernetesSite: WorkerSite {
  let settings: SiteSettings
  private let access: WorkerAccess
  private let run: KubernetesRun
  private let example: KubernetesTask
  private let kubectl: Kubectl
  private let tell: @Sendable (SiteNews) -> Void
  private var elastic: Elastic
  private var ledger: KubernetesLedger
  /// Workers that a user has asked for and that were not submitted yet.
  private var wanted = 0
  private var waiting = 0
  private var isStopping = false
  private var tasks: [Task<Void, Never>] = []
  /// Submits and deletes. It ends with `stop`.
  private var upkeep: Task<Void, Never>?
  private var pause = SubmissionPause()
  /// When the next submission may be made, in monotonic milliseconds.
  private var nextSubmission = 0
  private var nextQuestion = 0
  private var complaint = ""
  /// Jobs to delete.
  private var finished: [String] = []
  private var startFailures = StartFailures()

  private static let tickMilliseconds = 250
  /// How often it is asked why Jobs have no pods.
  private static let questionMilliseconds = 5000
  /// A watch that ends sooner has failed.
  private static let shortWatch = 10_000

  public init(
    _ settings: SiteSettings, _ access: WorkerAccess, _ pods: WorkerPods,
    tell: @escaping @Sendable (SiteNews) -> Void
  ) {
    self.settings = settings
    self.access = access
    self.tell = tell
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
      _ = try manifest(stays: false)
      for allocation in former { ledger.recall(allocation) }
      // A cluster that is away will be back: a resumed run has workers there.
      if ledger.living.isEmpty { try await kubectl.checkRights() }
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
    stays: Bool
  ) throws(SiteError) -> (worker: KubernetesWorker, manifest: JobManifest) {
    let random = String(UInt64.random(in: .min ... .max), radix: 36)
    let token = String((String(repeating: "0", count: 8) + random).suffix(8))
    let worker = KubernetesWorker(
      settings, run: "\(access.run)", queue: access.queue, example, token: token, stays: stays)
    do throws(SiteMistake) {
      let template = try run.template(partition: example.partition)
      return (worker, try JobManifest(worker, template, in: run))
    } catch {
      throw SiteError("\(error)")
    }
  }

  public func demand(_ waiting: Int) { self.waiting = waiting }

  // MARK: Looking

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
    let known = ledger.living
    do throws(SiteError) {
      let jobs = try await kubectl.jobs()
      let pods = try await kubectl.pods()
      report(ledger.compare(jobs, pods, known: known, now: Clock.monotonicMilliseconds))
    } catch {
      complain(error)
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
        startFailures.hasServed()
      }
    }
    tell(news)
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
      // What is not deleted now goes with the run.
      try? await kubectl.delete(jobs)
    }
    let now = Clock.monotonicMilliseconds
    if !isStopping, now >= nextSubmission { await submit() }
    if !isStopping, now >= nextQuestion, !ledger.withoutPods.isEmpty {
      nextQuestion = now + Self.questionMilliseconds
      let reasons = await kubectl.failedCreations()
      report(reasons.compactMap { ledger.explain($0.key, $0.value) })
    }
  }

  private func submit() async {
    let missing = elastic.missing(
      waiting: waiting, pending: ledger.pending, running: ledger.running,
      fresh: ledger.fresh(now: Clock.monotonicMilliseconds))
    let count = min(pause.batch, max(missing, wanted))
    guard count > 0 else { return }
    // The least number stays although it has no jobs.
    let staying = max(0, elastic.range.least - ledger.pending - ledger.running)
    var batch: [(worker: KubernetesWorker, manifest: JobManifest)] = []
    do throws(SiteError) {
      for index in 0..<count { batch.append(try manifest(stays: index < staying)) }
    } catch {
      return rest(after: error.lines.joined(separator: "; "))
    }
    let complaints = await kubectl.create(batch.map(\.manifest))
    var changes: [KubernetesLedger.Change] = []
    var trouble: KubectlComplaint?
    for (worker, manifest) in batch {
      if let complaint = complaints[manifest.name], complaint != .exists {
        // A Job that was made all the same is found by its label.
        trouble = complaint
      } else {
        changes.append(ledger.submitted(manifest.name, worker: worker.name))
      }
    }
    wanted = max(0, wanted - changes.count)
    report(changes)
    guard let trouble else {
      complaint = ""
      pause.succeeded()
      nextSubmission = Clock.monotonicMilliseconds + 500
      return
    }
    if let delay = pause.next(after: trouble) {
      nextSubmission = Clock.monotonicMilliseconds + delay
      complain(SiteError(trouble.text))
    } else {
      rest(after: trouble.text)
    }
  }

  /// What Kubernetes refuses may be mended while the run runs.
  private func rest(after text: String) {
    nextSubmission = Clock.monotonicMilliseconds + startFailures.nextPause()
    complain(SiteError(text))
  }

  private func complain(_ error: SiteError) {
    let text = error.lines.joined(separator: "; ")
    guard text != complaint else { return }
    complaint = text
    tell(SiteNews(notices: ["site \(settings.name): \(text); this is tried again"]))
  }

  // MARK: Orders

  public func steer(_ request: WorkersRequest) async -> WorkersAnswer {
    let living = ledger.living
    switch request.change {
    case .add:
      let most = living.count + wanted + request.count
      elastic.range.most = max(elastic.range.most, min(most, WorkerRange.limit))
      wanted += request.count
      nextSubmission = min(nextSubmission, Clock.monotonicMilliseconds)
      return WorkersAnswer(
        "\(request.count) more asked for, at most \(elastic.range.most) from now on")
    case .drain:
      let chosen = choice(for: request, from: living.filter(ledger.isRunning))
      guard !chosen.isEmpty else { return .refused(noSuch(request, "running ")) }
      lower(by: chosen.count)
      var answer = WorkersAnswer("\(chosen.count) finish their jobs and leave\(limit)")
      answer.drained = chosen.compactMap(ledger.worker)
      return answer
    case .remove:
      // Those that wait cost nothing; then those that came last.
      let pending = living.filter { !ledger.isRunning($0) }.reversed()
      let order = Array(pending) + living.filter(ledger.isRunning).reversed()
      let chosen = choice(for: request, from: order)
      guard !chosen.isEmpty else { return .refused(noSuch(request, "")) }
      do throws(SiteError) {
        try await kubectl.delete(chosen)
      } catch {
        return .refused(error.lines.joined(separator: "; "))
      }
      lower(by: chosen.count)
      return WorkersAnswer("\(chosen.count) deleted, their jobs are retried\(limit)")
    }
  }

  private var limit: String { ", at most \(elastic.range.most) from now on" }

  private func choice(for request: WorkersRequest, from jobs: [String]) -> [String] {
    guard let worker = request.worker else { return Array(jobs.prefix(request.count)) }
    return jobs.filter { $0 == worker || ledger.worker(of: $0) == worker }
  }

  /// Otherwise others would be submitted in their place as long as jobs wait.
  private func lower(by count: Int) {
    elastic.lower(by: count, living: ledger.living.count)
    wanted = 0
  }

  private func noSuch(_ request: WorkersRequest, _ kind: String) -> String {
    request.worker.map { "there is no \(kind)worker \($0)" } ?? "there is no \(kind)worker"
  }

  public func stop() async {
    isStopping = true
    for task in tasks { task.cancel() }
    // What is being created now would outlive the deletion.
    await upkeep?.value
    do throws(SiteError) {
      try await kubectl.deleteAll()
    } catch {
      tell(
        SiteNews(notices: [
          "site \(settings.name): what the run has made in namespace \(kubectl.namespace) could "
            + "not be deleted: \(error.lines.joined(separator: "; "))"
        ]))
    }
  }
}
