import JobProtocol

/// The known state of a site's allocations, as a value: rows of `squeue` go in, changes come out.
struct SlurmLedger: Equatable, Sendable {
  struct Change: Equatable {
    var allocation: Allocation
    var worker: String
    /// Whether it had been running.
    var hasRun = false
  }

  private let site: String
  private(set) var jobs: [String: SlurmJob] = [:]
  /// When each allocation was first seen running, in milliseconds.
  private(set) var runningSince: [String: Int] = [:]
  /// Allocations that this engine has submitted or found.
  private var order: [String] = []
  private var ended: Set<String> = []
  /// How many allocations started between the last two calls of `squeue`.
  private(set) var justStarted = 0
  /// In how many calls of `squeue` in a row a known allocation was missing.
  private var misses: [String: Int] = [:]

  /// One call may miss a job: a controller that has just restarted may not list it yet.
  static let missesAllowed = 2

  init(site: String) { self.site = site }

  var pending: Int { jobs.values.count { $0.allocationState == .pending } }
  var running: Int { jobs.values.count { $0.allocationState == .running } }
  /// The ids that have not ended, in order.
  var active: [String] { order.filter { jobs[$0] != nil } }

  /// A submission was accepted; `squeue` may not show it yet.
  mutating func submitted(_ array: String, count: Int) -> [Change] {
    (0..<count).map { index in
      let job = SlurmJob(
        id: "\(array)_\(index)", state: "PENDING", reason: "", nodes: "", start: "")
      return update(job)
    }
  }

  /// Adds an allocation that a former engine has journaled.
  mutating func restore(_ allocation: Allocation) {
    guard allocation.site == site, allocation.state != .ended, jobs[allocation.id] == nil else {
      return
    }
    let state = allocation.state == .pending ? "PENDING" : "RUNNING"
    jobs[allocation.id] = SlurmJob(
      id: allocation.id, state: state, reason: "", nodes: "", start: "")
    order.append(allocation.id)
  }

  /// Compares with what `squeue` shows; returns what has changed.
  mutating func update(_ rows: [SlurmJob], now: Int) -> [Change] {
    var changes: [Change] = []
    justStarted = 0
    for row in rows {
      if ended.contains(row.id), row.allocationState == .ended { continue }
      if jobs[row.id] == nil, row.allocationState == .ended { continue }
      misses[row.id] = nil
      let former = jobs[row.id]
      if row.allocationState == .running, runningSince[row.id] == nil {
        runningSince[row.id] = now
        justStarted += 1
      }
      guard former != row else { continue }
      let hasSameText = former?.text == row.text && former?.allocationState == row.allocationState
      let hasRun = former?.allocationState == .running
      var change = update(row)
      change.hasRun = hasRun
      if former == nil || !hasSameText { changes.append(change) }
    }
    let seen = Set(rows.map(\.id))
    for id in active where !seen.contains(id) {
      misses[id, default: 0] += 1
      guard misses[id, default: 0] >= Self.missesAllowed else { continue }
      let gone = SlurmJob(id: id, state: "GONE", reason: "", nodes: "", start: "")
      let hasRun = jobs[id]?.allocationState == .running
      var change = update(gone)
      change.hasRun = hasRun
      change.allocation.reason = "Slurm does not know it any more"
      changes.append(change)
    }
    return changes
  }

  private mutating func update(_ job: SlurmJob) -> Change {
    if jobs[job.id] == nil { order.append(job.id) }
    let state = job.allocationState
    if state == .ended {
      jobs[job.id] = nil
      order.removeAll { $0 == job.id }
      ended.insert(job.id)
      misses[job.id] = nil
    } else {
      jobs[job.id] = job
      // Slurm has requeued the job.
      ended.remove(job.id)
      if state == .pending { runningSince[job.id] = nil }
    }
    let worker = SlurmSubmission.worker(of: job.id, site: site)
    return Change(
      allocation: Allocation(
        site: site, id: job.id, state: state, reason: job.text, worker: worker),
      worker: worker)
  }
}
