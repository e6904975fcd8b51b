import Engine
import JobProtocol
import Workflow

/// The data in Redis of a simulated run. Each change is one atomic step.
struct SimulatedStore {
  var now = 1_000_000
  var journal: [RunEvent] = []
  var commitNumber = 0
  var lease: (token: Int, until: Int)?
  /// The engine that took the lease last.
  var owner = 0
  var queue: [AttemptID] = []
  /// By worker.
  var taken: [Int: [AttemptID]] = [:]
  /// Numbered, and trimmed from the front.
  var reports: [(number: Int, report: EngineInput)] = []
  var reportCount = 0
  var cancelled: Set<AttemptID> = []

  static let leaseMilliseconds = 15_000

  mutating func report(_ input: EngineInput) {
    reportCount += 1
    reports.append((reportCount, input))
  }

  func hasReport(of attempt: AttemptID) -> Bool {
    reports.contains { entry in
      if case .finished(attempt, _, _, _) = entry.report { true } else { false }
    }
  }

  mutating func takeLease(_ token: Int) -> Bool {
    if let lease, lease.token != token, lease.until > now { return false }
    lease = (token, now + Self.leaseMilliseconds)
    owner = token
    return true
  }

  /// The rule of the commit script.
  mutating func commit(
    _ events: [RunEvent], pushing jobs: [AttemptID], cleaning taken: [AttemptID],
    trimmingTo report: Int, token: Int, number: Int
  ) -> Bool {
    let holder = lease.flatMap { $0.until > now ? $0.token : nil }
    guard owner == token, holder == nil || holder == token else { return false }
    lease = (token, now + Self.leaseMilliseconds)
    guard commitNumber < number else { return true }
    commitNumber = number
    journal += events
    queue += jobs
    for (worker, list) in self.taken { self.taken[worker] = list.filter { !taken.contains($0) } }
    cancelled.formUnion(taken)
    reports.removeAll { $0.number <= report }
    return true
  }
}

/// A worker process: what it runs, and what it could not report yet.
struct SimulatedWorker {
  let id: Int
  var isAlive = true
  var isCutOff = false
  var running: [AttemptID] = []
  var unsent: [EngineInput] = []
  var unreleased: [AttemptID] = []
}

/// An engine process between its start and its death.
struct SimulatedEngine {
  let token: Int
  var machine: RunMachine
  var commitNumber: Int
  var readTo = 0
  var inputs: [EngineInput] = []
  /// Jobs whose worker is gone, until their reports would have been there.
  var suspects: Set<AttemptID> = []
}
