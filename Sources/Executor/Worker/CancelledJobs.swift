/// The jobs that a worker must not start: for each run, its `cancelled` set when the worker first
/// had a job of the run, and every order since. So a job needs no query of its own.
struct CancelledJobs {
  private var runs: [String: Set<String>] = [:]
  /// The latest orders, because the answer to a query may be older than an order.
  private var ordered: [String] = []
  private static let runLimit = 64
  private static let orderLimit = 1000

  static func run(of job: String) -> String { String(job.prefix { $0 != ":" }) }

  /// `nil` if the run's set is not known yet.
  func contains(_ job: String) -> Bool? {
    runs[CancelledJobs.run(of: job)].map { $0.contains(job) }
  }

  mutating func add(_ jobs: [String], ofRun run: String) {
    if runs.count >= CancelledJobs.runLimit { runs = [:] }
    runs[run] = Set(jobs + ordered.filter { CancelledJobs.run(of: $0) == run })
  }

  mutating func add(_ job: String) {
    if ordered.count >= CancelledJobs.orderLimit {
      ordered.removeFirst(CancelledJobs.orderLimit / 2)
    }
    ordered.append(job)
    runs[CancelledJobs.run(of: job)]?.insert(job)
  }

  /// Forgets all runs, because orders may have been missed.
  mutating func forget() { runs = [:] }
}
