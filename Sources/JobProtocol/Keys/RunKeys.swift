/// Every key of our own for one run, with its Redis type. `docs/protocol.md` has the readers
/// and writers of each: change both together.
public struct RunKeys: Sendable {
  public let run: RunID

  public init(_ run: RunID) { self.run = run }

  /// Stream: the journal, written by the engine alone.
  public var events: String { "hf:\(run):events" }
  /// String: the number of the last commit, and the last owner of the lease.
  public var commit: String { "\(events):commit" }
  /// Stream: executors → engine, entries are `JobReport.fields`.
  public var reports: String { "hf:\(run):reports" }
  /// Stream: watchers → engine, field `c` is a `ControlRequest`.
  public var control: String { "hf:\(run):control" }
  /// Stream: completions of newer original executors, fields `taskId` and `code`.
  public var completions: String { "hf:\(run):completions" }
  /// String: the token of the engine that may write, with a time to live.
  public var lease: String { "hf:\(run):lease" }
  /// Hash: name, directory, state, times, for lists of runs.
  public var info: String { "hf:\(run):info" }
  /// String: the workflow's text.
  public var workflow: String { "hf:\(run):workflow" }
  /// Sorted set: watcher ids by the time (milliseconds since 1970) at which they expire.
  public var watchers: String { "hf:\(run):watchers" }
  /// Set: ids of jobs that executors must not start.
  public var cancelled: String { "hf:\(run):cancelled" }
  /// Channel: `ExecutorOrder`s for one-shot executors.
  public var orders: String { RunKeys.orders(run: run.text) }

  /// String with a time to live, a `JobHolder`: the one-shot executor of this job is alive.
  public static func alive(job: String) -> String {
    "hf:\(job.prefix { $0 != ":" }):alive:\(job)"
  }

  /// String with a time to live: the executor that has claimed this job. Set once, so that no
  /// job is started twice.
  public static func ran(job: String) -> String {
    "hf:\(job.prefix { $0 != ":" }):ran:\(job)"
  }

  /// Stream: the output of one job; entries have a `LogChunk` in field `c`. The channel of the same
  /// name carries the id of the latest entry.
  public static func log(job: String) -> String {
    let run = job.prefix { $0 != ":" }
    return "hf:\(run):log:\(job)"
  }

  /// The reports stream of a job's run.
  public static func reports(job: String) -> String {
    "hf:\(job.prefix { $0 != ":" }):reports"
  }

  public static func orders(run: String) -> String { "hf:\(run):orders" }

  public static func cancelled(job: String) -> String {
    "hf:\(job.prefix { $0 != ":" }):cancelled"
  }

  /// Hash: run id → short JSON, on a Redis that several runs share.
  public static let registry = "hf:runs"
}

/// The keys of one worker pool. Its workers share all of them, except that a site to which tasks
/// are routed has a queue of its own.
public struct PoolKeys: Sendable {
  public let pool: String
  /// The site whose queue this is; `nil` for the common queue.
  public let site: String?

  public init(_ pool: String, site: String? = nil) {
    self.pool = pool
    self.site = site
  }

  private var siteSuffix: String { site.map { ":\($0)" } ?? "" }

  /// List: the queued job messages; pushed left, taken right.
  public var queue: String { "hf:pool:\(pool):queue\(siteSuffix)" }
  /// List: the queue of a paused run.
  public var paused: String { "hf:pool:\(pool):paused\(siteSuffix)" }
  /// String with a time to live: the last call that took messages back out of the queue, and which
  /// of them it found.
  public var withdrawal: String { "hf:pool:\(pool):withdrawal\(siteSuffix)" }
  /// Channel: `ExecutorOrder`s for the pool's workers.
  public var orders: String { "hf:pool:\(pool):orders" }
  /// String, a number: how many jobs each worker runs at a time; if absent, each worker decides.
  public var slots: String { "hf:pool:\(pool):slots" }
  /// Set: names of workers that serve the pool.
  public var workers: String { "hf:pool:\(pool):workers" }
  /// List: messages of the jobs that a worker has taken and not finished.
  public func taken(by worker: String) -> String { "hf:pool:\(pool):taken:\(worker)" }
  /// String with a time to live, a `WorkerHealth`: the worker is alive.
  public func alive(_ worker: String) -> String { "hf:pool:\(pool):alive:\(worker)" }
}
