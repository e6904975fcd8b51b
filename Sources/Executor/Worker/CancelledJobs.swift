/// Which jobs a worker must not start any more: per run what its `cancelled` set had when the
/// worker first met the run, and every order since. So a job costs no question of its own.
struct CancelledJobs {
  private var runs: [String: Set<String>] = [:]
  private static let runLimit = 64

  static func run(of job: String) -> String { String(job.prefix { $0 != ":" }) }

  /// `nil` when the run's set is not known yet.
  func contains(_ job: String) -> Bool? {
    runs[CancelledJobs.run(of: job)].map { $0.contains(job) }
  }

  mutating func learn(_ jobs: [String], ofRun run: String) {
    if runs.count >= CancelledJobs.runLimit { runs = [:] }
    runs[run] = Set(jobs)
  }

  mutating func add(_ job: String) {
    runs[CancelledJobs.run(of: job)]?.insert(job)
  }

  /// Orders may have been missed.
  mutating func forget() { runs = [:] }
}
