import JobProtocol
import Posix
import Redis

/// What an invoker has to say of jobs and workers. What executors say comes over Redis instead.
struct InvokerNews: Sendable {
  struct Accepted: Sendable, Equatable {
    let job: JobID
    /// The infrastructure's own name for it.
    let nativeID: String
  }

  struct Pending: Sendable, Equatable {
    let job: JobID
    /// Why it does not run yet, in the infrastructure's words.
    let reason: String
  }

  /// Given to an executor that does not report it itself.
  struct Started: Sendable, Equatable {
    let job: JobID
    let executor: ExecutorIdentity
  }

  /// The infrastructure knows how a job ended. A report of its executor counts more: it is waited
  /// for.
  struct Ended: Sendable {
    let job: JobID
    let cause: FailureCause
    /// Belongs in the commit that journals the end: until then the job can be found again.
    var cleanUp: [RedisCommand] = []
    /// The process id of the executor that had it, where that was one of this host.
    var executor: Int?

    /// Its executor is gone, or none could be started.
    static func lost(
      _ job: JobID, _ reason: String, cleanUp: [RedisCommand] = [], executor: Int? = nil
    ) -> Ended {
      Ended(job: job, cause: .lost(reason), cleanUp: cleanUp, executor: executor)
    }
  }

  struct Refused: Sendable, Equatable {
    let job: JobID
    let reason: String
    /// After so long it may be submitted again; `nil`: it never will be taken.
    let retryMilliseconds: Int?
  }

  struct WorkerEnd: Sendable, Equatable {
    /// Names that the worker may have given itself, the usual one first.
    let names: [String]
    let reason: String
  }

  var accepted: [Accepted] = []
  var pending: [Pending] = []
  var started: [Started] = []
  var ended: [Ended] = []
  var refused: [Refused] = []
  /// Taken back: no executor had them, and none will.
  var withdrawn: [JobID] = []
  /// Could not be taken back: executors have them, or may have.
  var kept: [JobID] = []
  /// Workers of the run's own that have ended, whether they had been heard of or not.
  var endedWorkers: [WorkerEnd] = []
  /// Workers that were asked after because they were silent: those that live, and those that are
  /// gone.
  var livingWorkers: [String] = []
  var goneWorkers: [String] = []
  /// What people should know.
  var notices: [String] = []
  /// Nothing of the run's own can run jobs any more, and why.
  var failure: RunnerError?

  var isEmpty: Bool {
    accepted.isEmpty && pending.isEmpty && started.isEmpty && ended.isEmpty && refused.isEmpty
      && withdrawn.isEmpty && kept.isEmpty && endedWorkers.isEmpty && livingWorkers.isEmpty
      && goneWorkers.isEmpty && notices.isEmpty && failure == nil
  }

  static func + (left: InvokerNews, right: InvokerNews) -> InvokerNews {
    InvokerNews(
      accepted: left.accepted + right.accepted, pending: left.pending + right.pending,
      started: left.started + right.started, ended: left.ended + right.ended,
      refused: left.refused + right.refused, withdrawn: left.withdrawn + right.withdrawn,
      kept: left.kept + right.kept, endedWorkers: left.endedWorkers + right.endedWorkers,
      livingWorkers: left.livingWorkers + right.livingWorkers,
      goneWorkers: left.goneWorkers + right.goneWorkers, notices: left.notices + right.notices,
      failure: left.failure ?? right.failure)
  }
}

/// An infrastructure did not do what it was asked.
struct InvokerError: Error, Sendable, CustomStringConvertible {
  /// What failed, where, and why, in one line.
  let description: String
  /// Asking again will not help: something is missing on this host.
  let isForGood: Bool

  init(_ description: String, isForGood: Bool = false) {
    self.description = description
    self.isForGood = isForGood
  }

  init(_ error: RedisError) { self.init("\(error)") }

  /// Runs commands of Redis, whose errors are the invoker's.
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
