import Engine
import JobProtocol
import Redis

/// A job to submit: an attempt with its message.
struct SubmittedJob: Sendable {
  let id: JobID
  let attempt: AttemptID
  /// The job message as the executor gets it.
  let message: [UInt8]
  /// What the job needs while it runs.
  var resources = JobResources()
}

/// A job that a former engine of the run has submitted and that has not ended in the journal.
struct FormerJob: Sendable {
  let job: SubmittedJob
  /// Whether an executor had taken the job, according to the journal.
  let isTaken: Bool
  let executor: ExecutorIdentity?
}

/// Starts jobs on some infrastructure. Executors report over Redis; what only the infrastructure
/// knows comes back as `InvokerNews`.
///
/// A submission has two halves. `submission` gives the Redis commands for the transaction that
/// journals it, so that after a crash the job exists if and only if the journal says so. `submit`
/// starts what Redis alone does not start. Both take batches, for infrastructures with job arrays,
/// and are idempotent by job id.
///
/// The engine never waits for an invoker: an `InvokerPort` between them passes orders on one after
/// the other and brings the news back. So an invoker is plain sequential code, and may take its
/// time.
protocol JobInvoker: Sendable {
  var name: String { get }
  /// How many submitted jobs executors can take without another order from the engine.
  var jobsAhead: Int { get }
  /// Whether the infrastructure may end executors of one job, which then report it as cancelled.
  var endsExecutors: Bool { get }

  /// Starts what jobs need before the first of them.
  func start() async throws(InvokerError)
  /// Takes over the jobs of a former engine, instead of `start`: finds those that still run,
  /// submits again those that were never taken, and reports those that are lost.
  func adopt(_ jobs: [FormerJob]) async throws(InvokerError) -> InvokerNews

  /// What the journal says about places for workers; called before `adopt`.
  func restore(_ allocations: [Allocation]) async

  func submission(of jobs: [SubmittedJob]) -> [RedisCommand]
  func submit(_ jobs: [SubmittedJob]) async throws(InvokerError) -> InvokerNews
  /// Cancels jobs. Jobs that no executor had, and none will have, are `withdrawn` in the news;
  /// executors report the end of the others.
  func cancel(_ jobs: [JobID]) async throws(InvokerError) -> InvokerNews
  /// Takes back jobs that no executor has. In the news, each job is either `withdrawn` or `kept`.
  func withdraw(_ jobs: [JobID]) async throws(InvokerError) -> InvokerNews
  /// Executors have taken these jobs.
  func taken(_ jobs: [JobID]) async
  /// These jobs have ended: what was kept for them can go, and other jobs may start.
  func ended(_ jobs: [JobID]) async -> InvokerNews
  /// The Redis commands with which the commit of a pause already keeps jobs from starting, also if
  /// the engine dies right after it. A key that does not exist is no error.
  func pauseCommands() -> [RedisCommand]
  /// Lets no more jobs start, or lets them start again.
  func pause(_ on: Bool) async throws(InvokerError) -> InvokerNews
  /// Sets how many jobs the invoker's executors run at a time.
  func setSlots(_ count: Int) async throws(InvokerError) -> InvokerNews
  /// Stops everything that the invoker started; returns when it has ended.
  func stop() async
}

extension JobInvoker {
  /// Most invokers have no such places.
  func restore(_ allocations: [Allocation]) async {}
  func pauseCommands() -> [RedisCommand] { [] }
  var endsExecutors: Bool { false }
}

/// An invoker whose executors are workers: long-lived, each running one job after the other.
protocol WorkerPool: JobInvoker {
  /// Tells a worker to take no more jobs, finish those it has, and exit.
  func drain(_ worker: String) async throws(InvokerError)
  /// The sites that bring workers.
  var siteNames: [String] { get }
  /// Adds, drains or removes workers of one of the sites; a notice tells what was done.
  func steer(_ request: WorkersRequest) async
  /// Checks a worker whose heartbeat is overdue. Returns what became of its jobs, or `nil` if it is
  /// alive.
  func checkWorker(_ worker: String) async throws(InvokerError) -> InvokerNews?
}

extension WorkerPool {
  /// Most bring no workers.
  var siteNames: [String] { [] }
  func steer(_ request: WorkersRequest) async {}
}
