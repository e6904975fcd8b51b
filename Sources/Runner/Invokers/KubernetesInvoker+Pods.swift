import JobProtocol
import Logging
import Posix
import Redis
import Sites

/// What the invoker learns about jobs from pods, Jobs and heartbeats.
extension KubernetesInvoker {
  /// A watch that ends sooner has failed.
  private static let shortWatch = 10_000

  /// Follows the pods of a namespace until the run ends. What happens between two watches is found
  /// by comparing with a list.
  func follow(_ place: KubernetesPlace) async {
    let kubectl = kubectl(place)
    var failures = 0
    while !isStopping, !Task.isCancelled {
      let began = Clock.monotonicMilliseconds
      for await event in kubectl.watch() {
        if isStopping { return }
        await receive(event)
      }
      if isStopping || Task.isCancelled { return }
      failures = Clock.monotonicMilliseconds - began < Self.shortWatch ? failures + 1 : 0
      if failures > 0 { await Ticker.pause(milliseconds: min(30_000, 500 << min(failures, 6))) }
      await compare(place)
    }
  }

  /// Finds what the watch has missed.
  private func compare(_ place: KubernetesPlace) async {
    let known = groups.filter { $0.value.place == place }.compactMap(\.value.pod)
    guard !known.isEmpty, let pods = try? await kubectl(place).pods() else { return }
    for pod in pods { await receive(.changed(pod)) }
    let present = Set(pods.map(\.name))
    for pod in known where !present.contains(pod.name) { await receive(.deleted(pod)) }
  }

  func receive(_ event: Kubectl.PodEvent) async {
    switch event {
    case .changed(let pod):
      guard let group = groups[pod.job] else {
        if groups.values.contains(where: { $0.step == .creating }) { earlyPods[pod.job] = pod }
        return
      }
      guard !group.isOver, group.step == .created else { return }
      // A pod of a former Job of this name.
      if group.pod == nil, pod.isBeingDeleted { return }
      groups[pod.job]?.pod = pod
      switch PodMeaning(pod) {
      case .running: break
      case .pending(let reason): isPending(pod.job, reason)
      case .cannotStart(let reason):
        let isImage = reason.prefix { $0 != ":" }.contains("Image")
        end(pod.job, isImage ? .image(reason) : .container(reason), deletes: true)
      case .ended(let cause):
        end(pod.job, await explained(cause, pod, in: group), deletes: group.isRestarted)
      }
    case .deleted(let pod):
      deleting.remove(pod.job)
      guard let group = groups[pod.job], !group.isOver, let known = group.pod,
        known.name == pod.name
      else { return }
      let cause = PodMeaning.causeOfDeletion(pod)
      end(pod.job, await explained(cause, pod, in: group), deletes: true)
    }
  }

  /// The cause with more facts. A pod that was deleted may have exceeded the Job's time limit: only
  /// the Job says so. The last line of a pod whose executor failed usually says why.
  private func explained(
    _ cause: FailureCause, _ pod: PodState, in group: KubernetesGroup
  ) async -> FailureCause {
    if pod.isBeingDeleted, pod.disruption == nil, !group.members.isEmpty,
      case .timeout(let seconds)? = await kubectl(group.place).job(pod.job)?.cause
    {
      return .timeout(seconds: seconds)
    }
    guard pod.hasFailedByItself, !group.members.isEmpty,
      let line = await kubectl(group.place).lastLine(ofPod: pod.name)
    else { return cause }
    switch cause {
    case .lost(let text): return .lost("\(text); its last line: \(line)")
    case .notFound(let text): return .notFound("\(text); its last line: \(line)")
    default: return cause
    }
  }

  private func isPending(_ name: String, _ reason: String) {
    guard let group = groups[name], !reason.isEmpty, group.reason != reason else { return }
    groups[name]?.reason = reason
    deliver(InvokerNews(pending: group.members.map { .init(job: $0, reason: reason) }))
  }

  /// The Job runs nothing any more. Jobs whose reports are still to come are not affected, because
  /// the engine looks for them first.
  ///
  /// - Parameter deletes: Whether Kubernetes might start another pod.
  func end(_ name: String, _ cause: FailureCause, deletes: Bool) {
    guard let group = groups[name], !group.isOver else { return }
    groups[name]?.isOver = true
    if deletes { delete([name], in: group.place) }
    let ends = group.members.map { job in
      InvokerNews.Ended(job: job, cause: self.cause(cause, of: job, in: group))
    }
    if !ends.isEmpty { deliver(InvokerNews(ended: ends)) }
  }

  /// Only the job that ran has run out of memory or time; others of its group had no turn.
  private func cause(
    _ cause: FailureCause, of job: JobID, in group: KubernetesGroup
  ) -> FailureCause {
    if cancelledJobs.contains(job) { return .cancelled }
    switch cause {
    case .outOfMemory, .timeout:
      let hasOthers = group.tasks.count > 1
      guard hasOthers, !takenJobs.contains(job) else { return cause }
      return .lost("its Job ended before its turn (\(cause.summary))")
    default: return cause
    }
  }

  func delete(_ names: [String], in place: KubernetesPlace) {
    deleting.formUnion(names)
    let kubectl = kubectl(place)
    let (log, site) = (log, name)
    Task {
      do throws(SiteError) {
        try await kubectl.delete(names)
      } catch {
        log.warning("\(site): cannot delete Jobs: \(error.lines.joined(separator: "; "))")
      }
    }
  }

  // MARK: Jobs without events

  /// How long a Job may have no pod before it is checked.
  private static let podMilliseconds = 8000
  /// How often heartbeats are checked; the key lives for 15 s.
  private static let heartbeatMilliseconds = 12_000
  private static let absencesAllowed = 1

  func checkSilentJobs(now: Int) async {
    guard now >= nextCheck else { return }
    nextCheck = now + Self.heartbeatMilliseconds
    await checkHeartbeats()
    let silent = groups.filter {
      $0.value.step == .created && !$0.value.isOver && $0.value.pod == nil
        && now - $0.value.since > Self.podMilliseconds
    }
    for place in Set(silent.values.map(\.place)) {
      await check(silent.filter { $0.value.place == place }.map(\.key), in: place)
    }
  }

  /// Checks Jobs without pods: they may be gone, ended, or unable to have one.
  private func check(_ names: [String], in place: KubernetesPlace) async {
    guard let present = try? await kubectl(place).jobs() else { return }
    let found = Dictionary(present.map { ($0.name, $0) }) { first, _ in first }
    var without: [String] = []
    for name in names where groups[name]?.pod == nil {
      guard let job = found[name] else {
        end(name, .lost("its Job \(name) was deleted"), deletes: false)
        continue
      }
      if let cause = job.cause {
        end(name, cause, deletes: false)
      } else {
        without.append(name)
      }
    }
    guard !without.isEmpty else { return }
    let reasons = await kubectl(place).failedCreations()
    for name in without {
      if let reason = reasons[name] { isPending(name, "no pod could be made: \(reason)") }
    }
  }

  /// The node of an executor may be gone long before Kubernetes says so.
  private func checkHeartbeats() async {
    let jobs = takenJobs.filter { groupOf[$0] != nil }
    guard !jobs.isEmpty,
      let replies = try? await redis.run(
        jobs.map { RedisCommand("EXISTS", RunKeys.alive(job: "\($0)")) }, retry: .always)
    else { return }
    for (job, reply) in zip(jobs, replies) {
      guard reply.integer == 0, groupOf[job] != nil else {
        absences[job] = nil
        continue
      }
      let count = absences[job] ?? 0
      absences[job] = count + 1
      guard count >= Self.absencesAllowed, let name = groupOf[job] else { continue }
      end(name, .lost("its executor sends no heartbeat"), deletes: true)
    }
  }
}
