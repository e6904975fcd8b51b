import Engine
import JobProtocol
import Redis

/// One job to be made: an attempt with its message.
struct Job: Sendable {
  let id: JobID
  let attempt: AttemptID
  /// The job message as it goes to the executor.
  let message: [UInt8]
  /// What it needs while it runs.
  var resources = JobResources()
}

/// A job that a former engine of the run has submitted and that has not ended in the journal.
struct FormerJob: Sendable {
  let job: Job
  /// The journal has that an executor took it.
  let isTaken: Bool
  let executor: ExecutorIdentity?
}

/// Makes jobs exist on some infrastructure. Attempts come in; executors report over Redis; what
/// only the infrastructure knows comes back as `InvokerNews`.
///
/// A submission has two halves. `submission` gives the Redis commands that belong in the
/// transaction that journals it: after a crash the job exists if and only if the journal says so.
/// `submit` starts what Redis alone does not start. Both take batches, for infrastructures that
/// know arrays of jobs, and are idempotent by job id.
///
/// The engine never waits for an invoker: an `InvokerPort` stands between them, which passes orders
/// on one after the other and brings the news back. So an invoker is plain sequential code, and may
/// take its time.
protocol JobInvoker: Sendable {
  var name: String { get }
  /// How many jobs executors take one after the other without another word from here.
  var jobsAhead: Int { get }

  /// Starts what jobs need before the first of them.
  func start() async throws(InvokerError)
  /// Takes over the jobs of a former engine, instead of `start`: finds which still run, submits
  /// again what was never taken, tells what is lost.
  func adopt(_ jobs: [FormerJob]) async throws(InvokerError) -> InvokerNews

  func submission(of jobs: [Job]) -> [RedisCommand]
  func submit(_ jobs: [Job]) async throws(InvokerError) -> InvokerNews
  /// Ends jobs. Those that no executor had, and none will have, are `withdrawn` in the news; of the
  /// others executors report the end.
  func cancel(_ jobs: [JobID]) async throws(InvokerError) -> InvokerNews
  /// Takes back jobs that no executor has. In the news each is `withdrawn` or `kept`.
  func withdraw(_ jobs: [JobID]) async throws(InvokerError) -> InvokerNews
  /// Executors have these jobs.
  func taken(_ jobs: [JobID]) async
  /// These jobs are over: nothing needs to be kept for them, and others may start.
  func ended(_ jobs: [JobID]) async -> InvokerNews
  /// Lets no job start, or lets them go on.
  func pause(_ on: Bool) async throws(InvokerError) -> InvokerNews
  /// How many jobs the executors that it starts run at a time.
  func setSlots(_ count: Int) async throws(InvokerError) -> InvokerNews
  /// Ends everything that it started; returns when that has ended.
  func stop() async
}

/// An invoker whose executors are workers: they live long and take one job after the other.
protocol WorkerPool: JobInvoker {
  /// The worker takes no more jobs, ends what it has, and leaves.
  func drain(_ worker: String) async throws(InvokerError)
  /// A worker gives no sign of life. Returns what became of its jobs, `nil` when it does after all.
  func silent(_ worker: String) async throws(InvokerError) -> InvokerNews?
}
