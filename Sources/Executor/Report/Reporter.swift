import JobProtocol
import Redis

/// Reports the events of one job in the form that its engine understands (docs/protocol.md).
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

  /// The order of the two SADDs matters: readers of the second set look into the first.
  /// Without `mayMake`, nothing is reported if the run has no reports stream.
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

  /// Only runs of our engine keep the output: another engine would never delete it. `MAXLEN`
  /// keeps this many of the latest chunks, or a few more.
  func output(_ chunk: LogChunk, keeping count: Int) -> [RedisCommand] {
    let bytes = chunk.encoded
    let published = RedisCommand("PUBLISH", logKey, bytes)
    guard transport == .reports else { return [published] }
    return [RedisCommand("XADD", logKey, "MAXLEN", "~", count, "*", "c", bytes), published]
  }

  private func report(_ report: JobReport) -> [RedisCommand] {
    transport == .reports ? [Reporter.entry(report, in: reportsKey)] : []
  }

  /// `mayMake`: create the stream if it does not exist.
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
