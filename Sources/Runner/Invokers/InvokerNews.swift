import JobProtocol
import Posix
import Redis
import Runs

/// What an invoker reports about jobs and workers. The reports of executors come over Redis
/// instead.
struct InvokerNews: Sendable {
  struct Accepted: Sendable, Equatable {
    let job: JobID
    /// The infrastructure's own id of the job.
    let nativeID: String
  }

  struct Pending: Sendable, Equatable {
    let job: JobID
    /// Why the job does not run yet, as the infrastructure says it.
    let reason: String
  }

  /// The job was given to an executor that does not report `started` itself.
  struct Started: Sendable, Equatable {
    let job: JobID
    let executor: ExecutorIdentity
  }

  /// The infrastructure knows how a job ended. The engine waits for the executor's report first,
  /// because the report counts more.
  struct Ended: Sendable {
    let job: JobID
    let cause: FailureCause
    /// Commands for the commit that journals the end: until then the job can be found again.
    var cleanUp: [RedisCommand] = []
    /// The process id of the job's executor, if it ran on this host.
    var executor: Int?

    /// The job's executor is gone, or none could be started.
    static func lost(
      _ job: JobID, _ reason: String, cleanUp: [RedisCommand] = [], executor: Int? = nil
    ) -> Ended {
      Ended(job: job, cause: .lost(reason), cleanUp: cleanUp, executor: executor)
    }
  }

  struct Refused: Sendable, Equatable {
    let job: JobID
    let reason: String
    /// The delay after which the job may be submitted again; `nil` if it will never be accepted.
    let retryMilliseconds: Int?
  }

  struct WorkerEnd: Sendable, Equatable {
    /// Names that the worker may have registered under, the usual one first.
    let names: [String]
    let reason: String
    /// The worker may have ended before it registered, or have said goodbye.
    var mayBeUnknown = false
  }

  var accepted: [Accepted] = []
  var pending: [Pending] = []
  var started: [Started] = []
  var ended: [Ended] = []
  var refused: [Refused] = []
  /// Jobs that were taken back: no executor had them, and none will.
  var withdrawn: [JobID] = []
  /// Jobs that could not be taken back: executors have them, or may have.
  var kept: [JobID] = []
  /// Workers that the invoker started and that have ended, whether or not they had sent a
  /// heartbeat.
  var endedWorkers: [WorkerEnd] = []
  /// Workers that were checked because they sent no heartbeat: those that are alive, and those that
  /// are gone.
  var livingWorkers: [String] = []
  var goneWorkers: [String] = []
  /// Places for workers whose state has changed.
  var allocations: [Allocation] = []
  /// Notices for the journal.
  var notices: [String] = []
  /// Why the invoker can run no more jobs; `nil` if it can.
  var failure: RunnerError?

  var isEmpty: Bool {
    accepted.isEmpty && pending.isEmpty && started.isEmpty && ended.isEmpty && refused.isEmpty
      && withdrawn.isEmpty && kept.isEmpty && endedWorkers.isEmpty && livingWorkers.isEmpty
      && goneWorkers.isEmpty && allocations.isEmpty && notices.isEmpty && failure == nil
  }

  static func + (left: InvokerNews, right: InvokerNews) -> InvokerNews {
    InvokerNews(
      accepted: left.accepted + right.accepted, pending: left.pending + right.pending,
      started: left.started + right.started, ended: left.ended + right.ended,
      refused: left.refused + right.refused, withdrawn: left.withdrawn + right.withdrawn,
      kept: left.kept + right.kept, endedWorkers: left.endedWorkers + right.endedWorkers,
      livingWorkers: left.livingWorkers + right.livingWorkers,
      goneWorkers: left.goneWorkers + right.goneWorkers,
      allocations: left.allocations + right.allocations, notices: left.notices + right.notices,
      failure: left.failure ?? right.failure)
  }
}

/// An infrastructure did not do what it was asked.
struct InvokerError: Error, Sendable, CustomStringConvertible {
  /// What failed, where, and why, in one line.
  let description: String
  /// Retrying will not help: something is missing on this host.
  let isForGood: Bool

  init(_ description: String, isForGood: Bool = false) {
    self.description = description
    self.isForGood = isForGood
  }

  init(_ error: RedisError) { self.init("\(error)") }

  /// Runs Redis commands, and throws their errors as errors of the invoker.
  static func redis<Value>(
    isolation: isolated (any Actor)? = #isolation,
    _ body: () async throws(RedisError) -> Value
  ) async throws(InvokerError) -> Value {
    do throws(RedisError) {
      return try await body()
    } catch {
      throw InvokerError(error)
    }
  }
}
