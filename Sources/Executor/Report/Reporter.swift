import JobProtocol
import Redis

/// Says what happens to one job in the way that its engine understands: which commands, to which
/// keys (docs/protocol.md).
struct Reporter {
  let job: String
  let transport: CompletionTransport
  private let reportsKey: String
  private let logKey: String

  init(job: String, transport: CompletionTransport) {
    self.job = job
    self.transport = transport
    reportsKey = RunKeys.reports(job: job)
    logKey = RunKeys.log(job: job)
  }

  func taken(by executor: ExecutorIdentity, at time: Int) -> [RedisCommand] {
    report(.taken(job: job, by: executor, at: time))
  }

  func started(by executor: ExecutorIdentity, pid: Int, at time: Int) -> [RedisCommand] {
    report(.started(job: job, by: executor, pid: pid, at: time))
  }

  /// The order of the two SADDs matters: who sees the second looks for the first. Without
  /// `mayMake` nothing is said where the run has no stream of reports.
  func finished(
    _ ending: Ending, usage: JobUsage, at time: Int, mayMake: Bool = true
  ) -> [RedisCommand] {
    switch transport {
    case .reports:
      let report = JobReport.finished(
        job: job, outcome: ending.outcome, usage: usage, at: time)
      return [Reporter.entry(report, in: reportsKey, mayMake: mayMake)]
    case .stream:
      let hfID = String(job.prefix { $0 != ":" })
      return [
        RedisCommand(
          "XADD", OriginalKeys.completions(engine: hfID), "MAXLEN", "~", 100_000, "*",
          "taskId", job, "code", ending.code)
      ]
    case .sets:
      let workflow = OriginalKeys.workflowID(ofTask: job) ?? "undefined"
      return [
        RedisCommand("SADD", OriginalKeys.result(task: job), ending.code),
        RedisCommand("SADD", OriginalKeys.pendingCompletions(workflow: workflow), job),
      ]
    }
  }

  /// Only our engine's runs keep the output: nobody would clear it away for another engine.
  /// With this one, so many of the latest chunks stay, or a few more.
  func output(_ chunk: LogChunk, keeping count: Int) -> [RedisCommand] {
    let bytes = chunk.encoded
    let published = RedisCommand("PUBLISH", logKey, bytes)
    guard transport == .reports else { return [published] }
    return [RedisCommand("XADD", logKey, "MAXLEN", "~", count, "*", "c", bytes), published]
  }

  private func report(_ report: JobReport) -> [RedisCommand] {
    transport == .reports ? [Reporter.entry(report, in: reportsKey)] : []
  }

  /// `mayMake`: where nobody has such a stream it is made.
  static func entry(
    _ report: JobReport, in stream: String, mayMake: Bool = true
  ) -> RedisCommand {
    var parts: [any RedisArgument] = ["XADD", stream] + (mayMake ? ["*"] : ["NOMKSTREAM", "*"])
    for (name, value) in report.fields {
      parts.append(name)
      parts.append(value)
    }
    return RedisCommand(parts)
  }
}
