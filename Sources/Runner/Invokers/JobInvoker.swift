import Engine
import JobProtocol
import Posix
import Redis

/// One job to be made: an attempt with its message.
struct Job: Sendable {
  let id: JobID
  let attempt: AttemptID
  /// The job message as it goes to the executor.
  let message: [UInt8]
}

/// A job that a former engine of the run has submitted and that has not ended in the journal.
struct FormerJob: Sendable {
  let job: Job
  /// The journal has that an executor took it.
  let isTaken: Bool
  let executor: ExecutorIdentity?
}

/// Makes jobs exist on some infrastructure. It lives wholly outside the engine: attempts come in,
/// reports come back over Redis.
///
/// A submission has two halves. `submission` gives the Redis commands that belong into the
/// transaction that journals it: after a crash the job exists if and only if the journal says so.
/// `launch` starts what Redis alone does not start. Both take batches, for infrastructures that
/// know arrays of jobs, and are idempotent by job id.
protocol JobInvoker: Sendable {
  var name: String { get }

  func submission(of jobs: [Job]) -> [RedisCommand]
  func launch(_ jobs: [Job]) async -> InvokerNews
  /// Stops jobs. Returns those that no executor had taken, and none will.
  func cancel(_ jobs: [JobID]) async throws(RedisError) -> Set<JobID>
  /// Takes back jobs that no executor has; returns them.
  func withdraw(_ jobs: [JobID]) async throws(RedisError) -> Set<JobID>
  /// Executors have these jobs.
  func taken(_ jobs: [JobID]) async
  /// These jobs are over: nothing needs to be kept for them, and others may start.
  func ended(_ jobs: [JobID]) async -> InvokerNews
  /// How many jobs executors take one after the other without another word from here.
  var jobsAhead: Int { get async }
  /// Lets no job start, or lets them go on.
  func pause(_ on: Bool) async throws(RedisError) -> InvokerNews
  /// How many jobs its own executors run at a time.
  func setSlots(_ count: Int) async throws(RedisError) -> InvokerNews
  /// The worker takes no more jobs, ends what it has, and leaves.
  func drain(_ worker: String) async throws(RedisError)

  /// Starts workers and the like.
  func start() async throws(RunnerError)
  /// Takes over the jobs of a former engine, instead of `start`: finds who still runs, gives out
  /// again what was never taken, tells what is lost.
  func adopt(_ jobs: [FormerJob]) async throws(RunnerError) -> InvokerNews
  /// A child of the engine process ended. Returns what became of its jobs, `nil` for a stranger.
  func childEnded(_ child: Child, _ status: ExitStatus) async -> InvokerNews?
  /// A worker gives no sign of life. Returns what became of its jobs, `nil` when it does after all.
  func silent(_ worker: String) async throws(RedisError) -> InvokerNews?
  /// A single job's executor, which does not run here, is due to give a sign of life. Returns what
  /// became of the job, `nil` when its executor may live.
  func holderIsDue(_ job: JobID) async throws(RedisError) -> InvokerNews?
  /// Ends everything it started; returns the workers that will leave for that.
  func stop() async -> [Child]
}

/// What an invoker learns by itself, not over Redis.
struct InvokerNews: Sendable {
  struct Lost: Sendable {
    let job: JobID
    let reason: String
    /// Belongs into the commit that journals the loss: until then the job can be found again.
    var cleanUp: [RedisCommand] = []
    /// The process id of the executor that had it, where that was one of this host.
    var executor: Int?
  }

  struct Started: Sendable, Equatable {
    let job: JobID
    let executor: ExecutorIdentity
  }

  /// Jobs whose executor is gone, or for which none could be started.
  var lost: [Lost] = []
  /// Jobs given to executors that do not report it themselves.
  var started: [Started] = []
  /// A worker of the run's own has ended, whether it had been heard of or not.
  var endedWorker: String?
  /// What people should know.
  var notices: [String] = []
  /// Nothing of the run's own can run jobs any more, and why.
  var failure: String?

  static func + (left: InvokerNews, right: InvokerNews) -> InvokerNews {
    InvokerNews(
      lost: left.lost + right.lost, started: left.started + right.started,
      endedWorker: left.endedWorker ?? right.endedWorker, notices: left.notices + right.notices,
      failure: left.failure ?? right.failure)
  }
}
