import JobProtocol

/// The known state of a site's workers in pods, as a value: pods and Jobs go in, changes come out.
///
/// | Kubernetes says | the worker's place is |
/// |---|---|
/// | the Job exists, and no pod runs | pending, with the pod's reason |
/// | the pod runs | running |
/// | the pod has ended or is deleted, the Job has ended or is gone | ended |
/// | the pod will never start, such as `ImagePullBackOff` | ended |
struct KubernetesLedger: Equatable, Sendable {
  struct Change: Equatable {
    var allocation: Allocation
    /// Whether the process has certainly ended.
    var isCertain = true
    /// Set if it ended with an error.
    var failure: Failure?

    struct Failure: Equatable {
      /// `nil` if the worker never ran.
      var runningSince: Int?
    }
  }

  private struct PlacedWorker: Equatable {
    var allocation: Allocation
    var runningSince: Int?
    var hasPod = false
  }

  private let site: String
  private var places: [String: PlacedWorker] = [:]
  private var order: [String] = []

  init(site: String) { self.site = site }

  /// The names of the Jobs whose workers have not ended, in order.
  var active: [String] { order }
  var pending: Int { places.values.count { $0.allocation.state == .pending } }
  var running: Int { places.values.count { $0.allocation.state == .running } }

  /// Workers that may not have taken jobs yet.
  func justStarted(now: Int) -> Int {
    places.values.count { place in
      place.runningSince.map { now - $0 < Self.justStartedMilliseconds } ?? false
    }
  }

  private static let justStartedMilliseconds = 3000

  func isRunning(_ job: String) -> Bool { places[job]?.allocation.state == .running }
  func worker(of job: String) -> String? { places[job]?.allocation.worker }
  /// Jobs without a pod; an event of Kubernetes may have the reason.
  var withoutPods: [String] { order.filter { places[$0]?.hasPod == false } }

  /// A Job was made.
  mutating func submitted(_ job: String, worker: String) -> Change {
    add(job, worker)
    return Change(allocation: places[job]?.allocation ?? allocation(job, .pending, worker))
  }

  private mutating func add(_ job: String, _ worker: String) {
    guard places[job] == nil else { return }
    places[job] = PlacedWorker(allocation: allocation(job, .pending, worker))
    order.append(job)
  }

  private func allocation(
    _ job: String, _ state: Allocation.State, _ worker: String
  ) -> Allocation {
    Allocation(site: site, id: job, state: state, worker: worker)
  }

  /// Adds an allocation that a former engine has journaled.
  mutating func restore(_ allocation: Allocation) {
    guard allocation.site == site, allocation.state != .ended else { return }
    add(allocation.id, allocation.worker)
    places[allocation.id]?.allocation = allocation
  }

  mutating func observe(_ pod: PodState, isDeleted: Bool = false, now: Int) -> Change? {
    if places[pod.job] == nil {
      // A Job whose creation was never acknowledged, unless its worker has ended.
      guard let token = pod.worker, !isDeleted, !pod.isBeingDeleted, pod.phase != "Succeeded",
        pod.phase != "Failed"
      else { return nil }
      add(pod.job, KubernetesWorker.name(token, site: site))
    }
    places[pod.job]?.hasPod = true
    if isDeleted {
      let cause = pod.phase == "Succeeded" ? nil : PodMeaning.causeOfDeletion(pod)
      return end(pod.job, cause, isCertain: false, hasFailed: false)
    }
    switch PodMeaning(pod) {
    case .pending(let reason): return set(pod.job, .pending, reason, now)
    case .running: return set(pod.job, .running, "", now)
    case .cannotStart(let reason):
      return end(pod.job, .lost(reason), isCertain: true, hasFailed: true)
    case .ended(let cause):
      let isDisrupted = pod.disruption != nil || !pod.reason.isEmpty || pod.isBeingDeleted
      let isGood = pod.phase == "Succeeded"
      return end(
        pod.job, isGood ? nil : cause, isCertain: !isDisrupted, hasFailed: !isGood && !isDisrupted)
    }
  }

  /// Compares the ledger with all Jobs and pods of the site.
  ///
  /// - Parameter known: The Jobs that were known before Kubernetes was asked.
  mutating func compare(
    _ jobs: [JobState], _ pods: [PodState], known: [String], now: Int
  ) -> [Change] {
    var changes: [Change] = []
    for job in jobs where places[job.name] == nil && !job.isBeingDeleted && job.cause == nil {
      guard let token = job.worker else { continue }
      changes.append(submitted(job.name, worker: KubernetesWorker.name(token, site: site)))
    }
    changes += pods.compactMap { observe($0, now: now) }
    let present = Dictionary(jobs.map { ($0.name, $0) }) { first, _ in first }
    for name in known where places[name] != nil {
      if let job = present[name] {
        let cause = job.isBeingDeleted ? FailureCause.lost("its Job was deleted") : job.cause
        if let cause, let change = end(name, cause, isCertain: false, hasFailed: false) {
          changes.append(change)
        }
      } else if let change = end(
        name, .lost("its Job is gone"), isCertain: false, hasFailed: false)
      {
        changes.append(change)
      }
    }
    return changes
  }

  /// Records why Kubernetes creates no pod for a Job.
  mutating func explain(_ job: String, _ reason: String) -> Change? {
    guard places[job]?.hasPod == false else { return nil }
    return set(job, .pending, reason, 0)
  }

  private mutating func set(
    _ job: String, _ state: Allocation.State, _ reason: String, _ now: Int
  ) -> Change? {
    guard var place = places[job] else { return nil }
    if state == .running, place.runningSince == nil { place.runningSince = now }
    let isSame = place.allocation.state == state && place.allocation.reason == reason
    place.allocation.state = state
    place.allocation.reason = reason
    places[job] = place
    return isSame ? nil : Change(allocation: place.allocation)
  }

  private mutating func end(
    _ job: String, _ cause: FailureCause?, isCertain: Bool, hasFailed: Bool
  ) -> Change? {
    guard let place = places.removeValue(forKey: job) else { return nil }
    order.removeAll { $0 == job }
    var ended = place.allocation
    ended.state = .ended
    ended.reason = cause.map(Self.text) ?? ""
    return Change(
      allocation: ended, isCertain: isCertain,
      failure: hasFailed ? .init(runningSince: place.runningSince) : nil)
  }

  private static func text(_ cause: FailureCause) -> String {
    switch cause {
    case .lost(let text), .notFound(let text): text
    case .outOfMemory: "its pod ran out of memory"
    case .timeout: "its pod reached its time limit"
    default: cause.word
    }
  }
}
