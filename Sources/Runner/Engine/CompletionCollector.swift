import JobProtocol
import Posix
import Redis
import Synchronization

/// Finds the completions of original executors. Each leaves its exit code in a set named like its
/// task, and the task's id in the workflow's set of pending completions.
///
/// On a Redis with keyspace notifications, the engine's subscription starts each collection. On
/// others, a deadline does: 50 ms after something was found, then after pauses that double up to
/// 1 s. Nothing is deleted here: the clean-up goes into the transaction that journals the
/// completions.
final class CompletionCollector: Sendable {
  struct Completions: Sendable {
    var results: [(task: String, codes: [String])] = []
    var cleanUp: [RedisCommand] = []
  }

  private let pendingKey: String
  private let run: RunID
  private let redis: RedisClient
  private let host: HostLoop
  /// True if keyspace notifications start each collection, or no job can have completions: then no
  /// deadline is set.
  private let isNotified: Bool
  private let pause = Mutex(CompletionCollector.shortestPause)

  private static let shortestPause = 50
  private static let longestPause = 1000

  init(plan: RunPlan, redis: RedisClient, host: HostLoop, isNotified: Bool) {
    run = plan.run
    pendingKey = OriginalKeys.pendingCompletions(workflow: "\(plan.workflowNumber)")
    self.redis = redis
    self.host = host
    self.isNotified = isNotified
  }

  /// Jobs have been submitted, so completions may follow soon.
  func jobsSubmitted() {
    guard !isNotified else { return }
    pause.withLock { $0 = Self.shortestPause }
    host.after(milliseconds: Self.shortestPause, .completions)
  }

  func collect() async throws(RedisError) -> Completions {
    let tasks = try await redis.call(RedisCommand("SMEMBERS", pendingKey), retry: .always)
    let names = (tasks.array ?? []).compactMap(\.string)
    scheduleNextCollection(sooner: !names.isEmpty)
    guard !names.isEmpty else { return Completions() }
    // Jobs that JavaScript functions make have ids of their own, with the same beginning.
    let ownJobs = names.filter { $0.hasPrefix("\(run):") }
    let replies = try await redis.run(
      ownJobs.map { RedisCommand("SMEMBERS", OriginalKeys.result(task: $0)) }, retry: .always)
    var found = Completions()
    for (task, reply) in zip(ownJobs, replies) {
      found.results.append((task, (reply.array ?? []).compactMap(\.string)))
      found.cleanUp.append(RedisCommand("DEL", OriginalKeys.result(task: task)))
    }
    // Members of other runs are left over from a workflow number that was given twice.
    found.cleanUp.append(RedisCommand(["SREM", pendingKey] + names))
    return found
  }

  private func scheduleNextCollection(sooner: Bool) {
    guard !isNotified else { return }
    let milliseconds = pause.withLock { pause in
      pause = sooner ? Self.shortestPause : min(Self.longestPause, pause * 2)
      return pause
    }
    host.after(milliseconds: milliseconds, .completions)
  }

  /// Original executors keep a *set* of exit codes: if it has several, a failure counts. The code
  /// of a job that a signal ended is `null`.
  static func outcome(of codes: [String]) -> JobOutcome {
    let failures = codes.filter { $0 != "0" }
    guard let code = failures.first else {
      return codes.isEmpty ? .failed(.error("the executor reported no exit code")) : .succeeded
    }
    if code == "null" { return .failed(.error(ExecutorLogEnd.signalText)) }
    guard let number = Int(code) else {
      return .failed(.error("the executor reported \"\(code.prefix(20))\" as exit code"))
    }
    return .failed(.exit(number))
  }
}
