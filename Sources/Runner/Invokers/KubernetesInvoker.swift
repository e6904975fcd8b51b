import DequeModule
import Engine
import JobProtocol
import Logging
import Posix
import Redis
import Signing
import Sites

/// Makes a Job of Kubernetes for each job, or for each group of them (`Agglomeration`).
///
/// Executors take their jobs from Redis by the task's key, as HyperFlow's do, and report over
/// Redis. A report always counts more than a pod. One watch reports all pods.
///
/// | a group is | until |
/// |---|---|
/// | collected | `Agglomeration` says that it is complete |
/// | ready | a slot is free (`slots`), and the server accepts it (`SubmissionPause`) |
/// | created | its executor reports the end of each job, or its pod or Job ends without a report |
///
/// A Job's name is computed from its jobs, so Kubernetes refuses a repeated submission, which then
/// counts as accepted.
actor KubernetesInvoker: JobInvoker {
  nonisolated let name: String
  /// Each Job is created from here.
  nonisolated var jobsAhead: Int { 0 }
  nonisolated var endsExecutors: Bool { true }
  let runID: RunID
  let run: KubernetesRun
  private let secrets: KubernetesSecrets
  private let task: @Sendable (JobID) -> KubernetesTask
  /// The first job of each process that runs here, to check the template.
  private let examples: [KubernetesTask]
  let orders: OrderPublisher
  let redis: RedisClient
  let log: Logger
  let deliver: @Sendable (InvokerNews) -> Void

  private var agglomeration: Agglomeration
  private var ready: Deque<String> = []
  var groups: [String: KubernetesGroup] = [:]
  /// The name of the group of each job.
  var groupOf: [JobID: String] = [:]
  /// Jobs that an executor of ours has.
  var takenJobs: Set<JobID> = []
  /// How often in a row the heartbeats of taken jobs were missing.
  var absences: [JobID: Int] = [:]
  var cancelledJobs: Set<JobID> = []
  /// Jobs of Kubernetes that are being deleted.
  var deleting: Set<String> = []
  /// Pods of Jobs whose creation kubectl has not reported yet, by the Job's name.
  var earlyPods: [String: PodState] = [:]
  /// The most Jobs at a time; `nil` for no limit.
  private var slots: Int?
  private var isPaused = false
  var isStopping = false
  private var pause = SubmissionPause()
  private var nextCreation = 0
  private var tasks: [Task<Void, Never>] = []
  /// Creates Jobs. It ends with `stop`.
  private var creation: Task<Void, Never>?
  private var wakes: AsyncStream<Void>.Continuation?
  var nextCheck = 0

  init(
    runID: RunID, run: KubernetesRun, slots: Int?, secrets: KubernetesSecrets,
    agglomeration: Agglomeration, examples: [KubernetesTask], signingKey: SigningKey?,
    lease: LeasedRedis, log: Logger, task: @escaping @Sendable (JobID) -> KubernetesTask,
    deliver: @escaping @Sendable (InvokerNews) -> Void
  ) {
    self.runID = runID
    var run = run
    run.setSecret(hasURL: secrets.redisURL != nil, hasKey: secrets.signingKey != nil)
    self.run = run
    self.secrets = secrets
    self.slots = slots
    self.agglomeration = agglomeration
    self.examples = examples
    self.task = task
    name = run.site
    orders = OrderPublisher(channel: RunKeys(runID).orders, key: signingKey, redis: lease)
    redis = lease.redis
    self.log = log
    self.deliver = deliver
  }

  /// The clusters and namespaces that Jobs of this run may go to.
  var places: [KubernetesPlace] { run.places(partitions: examples.map(\.partition) + [nil]) }
  func kubectl(_ place: KubernetesPlace) -> Kubectl { Kubectl(place, run: run) }

  // MARK: Start and end

  func start() async throws(InvokerError) {
    try await prepare()
    begin()
  }

  /// Throws an error that would keep every job from running.
  func prepare() async throws(InvokerError) {
    var lines: [String] = []
    for example in examples {
      do throws(SiteMistake) {
        _ = try manifest([example])
      } catch  where !lines.contains(error.description) {
        lines.append(error.description)
      } catch {}
    }
    guard lines.isEmpty else { throw InvokerError(named(lines), isForGood: true) }
    do throws(SiteError) {
      for place in places {
        try await kubectl(place).checkRights()
        try await kubectl(place).apply(
          secretOf: run, redisURL: secrets.redisURL, signingKey: secrets.signingKey)
      }
    } catch {
      throw InvokerError(named(error.lines))
    }
  }

  private func named(_ lines: [String]) -> String {
    lines.map { "site \(name): \($0)" }.joined(separator: "\n")
  }

  func begin() {
    guard tasks.isEmpty else { return }
    let (stream, wakes) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    self.wakes = wakes
    let creation = Task { for await _ in stream { await self.proceed() } }
    self.creation = creation
    tasks.append(creation)
    tasks.append(
      Task { for await _ in Ticker.ticks(every: Self.tickMilliseconds) { await self.tick() } })
    for place in places { tasks.append(Task { await self.follow(place) }) }
    wake()
  }

  /// How often jobs without events are checked, in milliseconds.
  private static let tickMilliseconds = 1000

  private func tick() async {
    if isStopping { return }
    wake()
    await checkSilentJobs(now: Clock.monotonicMilliseconds)
  }

  private func wake() { wakes?.yield() }

  private func wake(after milliseconds: Int) {
    Task {
      await Ticker.pause(milliseconds: milliseconds)
      self.wake()
    }
  }

  func stop() async {
    isStopping = true
    for task in tasks { task.cancel() }
    wakes?.finish()
    // What is being created now would outlive the deletion.
    await creation?.value
    for place in places {
      do throws(SiteError) {
        try await kubectl(place).deleteAll()
      } catch {
        log.warning(
          """
          \(name): the run's Jobs in namespace \(place.namespace) could not be deleted: \
          \(error.lines.joined(separator: "; "))
          """)
      }
    }
  }

  // MARK: Submission

  /// A job that was taken back and is submitted again must find its message, and no claim.
  nonisolated func submission(of jobs: [SubmittedJob]) -> [RedisCommand] {
    jobs.flatMap { job in
      let key = OriginalKeys.message(task: "\(job.id)")
      return [
        RedisCommand("UNLINK", RunKeys.ran(job: "\(job.id)"), key),
        RedisCommand("LPUSH", key, job.message),
      ]
    }
  }

  func submit(_ jobs: [SubmittedJob]) -> InvokerNews {
    let now = Clock.monotonicMilliseconds
    var news = InvokerNews()
    for job in jobs where groupOf[job.id] == nil {
      cancelledJobs.remove(job.id)
      if let complete = agglomeration.add(task(job.id), now: now) {
        add(complete)
      } else {
        news.pending.append(.init(job: job.id, reason: "waits for other tasks of its Job"))
      }
    }
    if let due = agglomeration.nextDue { wake(after: max(1, due - now)) }
    wake()
    return news
  }

  /// Puts a complete group last in the queue.
  private func add(_ tasks: [KubernetesTask]) {
    guard let first = tasks.first else { return }
    let members = tasks.compactMap { JobID(parsing: $0.job) }
    let key = "\(first.job)+\(tasks.count)"
    groups[key] = KubernetesGroup(
      tasks: tasks, members: members, place: run.place(partition: first.partition))
    for job in members { groupOf[job] = key }
    ready.append(key)
  }

  /// Adds a group that a former engine has created.
  func adopt(_ name: String, _ members: [JobID], _ place: KubernetesPlace) {
    groups[name] = KubernetesGroup(
      tasks: members.map(task), members: members, place: place, step: .created,
      since: Clock.monotonicMilliseconds)
    for job in members { groupOf[job] = name }
  }

  func manifest(_ tasks: [KubernetesTask]) throws(SiteMistake) -> JobManifest {
    let template = try run.template(partition: tasks.first?.partition)
    return try JobManifest(tasks, template, in: run)
  }

  private var hasFreeSlot: Bool {
    guard let slots else { return true }
    return groups.values.count { $0.step != .ready && !$0.isOver } < slots
  }

  /// Creates the groups that are complete, in batches, as the server allows.
  private func proceed() async {
    for group in agglomeration.due(now: Clock.monotonicMilliseconds) { add(group) }
    while !isPaused, !isStopping, Clock.monotonicMilliseconds >= nextCreation, !ready.isEmpty {
      var batch: [(key: String, manifest: JobManifest)] = []
      var place: KubernetesPlace?
      while batch.count < pause.batch, hasFreeSlot, let key = ready.first, let group = groups[key],
        place == nil || place == group.place
      {
        ready.removeFirst()
        do throws(SiteMistake) {
          batch.append((key, try manifest(group.tasks)))
          place = group.place
          groups[key]?.step = .creating
        } catch {
          refuse(key, "\(error)")
        }
      }
      guard let place, !batch.isEmpty else { break }
      await create(batch, in: place)
    }
  }

  private func create(
    _ batch: [(key: String, manifest: JobManifest)], in place: KubernetesPlace
  ) async {
    let failures = await kubectl(place).create(batch.map(\.manifest))
    let present =
      failures.values.contains(.exists) ? try? await kubectl(place).jobs() : []
    var news = InvokerNews()
    var again: [String] = []
    for (key, manifest) in batch {
      guard let error = failures[manifest.name] else {
        news.accepted += accept(key, manifest, place)
        continue
      }
      let resolved = resolve(error, key, manifest, present)
      if resolved == .exists {
        news.accepted += accept(key, manifest, place)
      } else if let delay = pause.next(after: resolved) {
        nextCreation = Clock.monotonicMilliseconds + delay
        groups[key]?.step = .ready
        again.append(key)
        news.pending += groups[key]?.members.map { .init(job: $0, reason: resolved.text) } ?? []
      } else {
        refuse(key, resolved.text)
      }
    }
    if again.isEmpty {
      pause.succeeded()
    } else {
      ready.prepend(contentsOf: again)
      wake(after: max(1, nextCreation - Clock.monotonicMilliseconds))
    }
    if !news.isEmpty { deliver(news) }
    for (_, manifest) in batch {
      if let pod = earlyPods.removeValue(forKey: manifest.name) { await receive(.changed(pod)) }
    }
    if !groups.values.contains(where: { $0.step == .creating }) { earlyPods = [:] }
  }

  /// Finds out whose Job already has the name: ours from an earlier call, ours that is being
  /// deleted, or another user's.
  private func resolve(
    _ error: KubectlError, _ key: String, _ manifest: JobManifest, _ present: [JobState]?
  ) -> KubectlError {
    guard error == .exists else { return error }
    guard let present else { return .unclear("the Job \(manifest.name) may exist already") }
    let found = present.first { $0.name == manifest.name }
    if found?.isBeingDeleted == true || deleting.contains(manifest.name) {
      return .busy("the former Job \(manifest.name) is still being deleted")
    }
    if let found, found.jobs == groups[key]?.tasks.map(\.job) { return .exists }
    return .refused(
      "there is another Job \(manifest.name); name it in the template with ${jobName}")
  }

  private func accept(
    _ key: String, _ manifest: JobManifest, _ place: KubernetesPlace
  ) -> [InvokerNews.Accepted] {
    guard var group = groups.removeValue(forKey: key) else { return [] }
    group.step = .created
    group.since = Clock.monotonicMilliseconds
    group.isRestarted = manifest.startsFailedPodsAgain
    for job in group.members { groupOf[job] = manifest.name }
    groups[manifest.name] = group
    if group.members.isEmpty { delete([manifest.name], in: place) }
    return group.members.map {
      .init(job: $0, nativeID: "\(place.namespace)/\(manifest.name)")
    }
  }

  /// The group's jobs can never run.
  private func refuse(_ key: String, _ reason: String) {
    guard let group = groups.removeValue(forKey: key) else { return }
    for job in group.members { groupOf[job] = nil }
    deliver(
      InvokerNews(
        refused: group.members.map { .init(job: $0, reason: reason, retryMilliseconds: nil) }))
  }

  // MARK: Orders

  func taken(_ jobs: [JobID]) { takenJobs.formUnion(jobs) }

  func ended(_ jobs: [JobID]) -> InvokerNews {
    for job in jobs { forget(job) }
    // A quota may have space now.
    if !ready.isEmpty {
      nextCreation = min(nextCreation, Clock.monotonicMilliseconds + Self.quotaMilliseconds)
      wake(after: Self.quotaMilliseconds)
    }
    return InvokerNews()
  }

  private static let quotaMilliseconds = 500

  func forget(_ job: JobID) {
    takenJobs.remove(job)
    cancelledJobs.remove(job)
    absences[job] = nil
    guard let name = groupOf.removeValue(forKey: job) else { return }
    groups[name]?.members.removeAll { $0 == job }
    guard let group = groups[name], group.members.isEmpty, group.step == .created else { return }
    groups[name] = nil
    // No job of the group is left to run.
    if !group.mayHaveStarted { delete([name], in: group.place) }
  }

  /// Withdraws jobs for which no Job of Kubernetes was created. Returns them.
  func withdrawWaiting(_ jobs: [JobID]) -> Set<JobID> {
    var taken: Set<JobID> = []
    for job in jobs {
      if agglomeration.remove("\(job)") {
        taken.insert(job)
      } else if let key = groupOf[job], let group = groups[key], group.step == .ready {
        // The others of its group are submitted without it.
        groups[key] = nil
        groupOf[job] = nil
        let rest = group.tasks.filter { $0.job != "\(job)" }
        let place = ready.firstIndex(of: key)
        if let place { ready.remove(at: place) }
        for member in group.members { groupOf[member] = nil }
        add(rest)
        taken.insert(job)
      }
    }
    return taken
  }

  func pause(_ on: Bool) -> InvokerNews {
    isPaused = on
    wake()
    return InvokerNews()
  }

  func setSlots(_ count: Int) -> InvokerNews {
    slots = count
    wake()
    return InvokerNews()
  }
}
