import JobProtocol
import Redis

/// Reports the events of one job in the form that its engine understands (docs/protocol.md).
struct Reporter {
  let job: String
  let transport: CompletionTransport
  /// Whether the engine reads several reports in an entry, and ids on the log's channel.
  let isBatched: Bool
  let reportsKey: String
  private let logKey: String

  /// - Parameter version: what the engine reads.
  init(
    job: String, transport: CompletionTransport, version: Int = ProtocolVersion.first
  ) {
    self.job = job
    self.transport = transport
    isBatched = transport == .reports && version >= ProtocolVersion.batches
    reportsKey = RunKeys.reports(job: job)
    logKey = RunKeys.log(job: job)
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
      return [Reporter.entry([report], in: reportsKey, mayMake: mayMake)]
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

  /// The commands that store and announce each chunk.
  ///
  /// Runs of our engine keep the output in a stream; `count` says how many of the latest chunks
  /// stay after each one, or a few more. The channel says once that there is more. Another engine
  /// would never delete a stream: its channel has the chunks themselves.
  func output(
    _ chunks: [(chunk: LogChunk, count: Int)]
  ) -> [(command: RedisCommand, bytes: Int)] {
    let isKept = transport == .reports
    var commands: [(command: RedisCommand, bytes: Int)] = []
    for (chunk, count) in chunks {
      let (bytes, size) = (chunk.encoded, chunk.bytes.count)
      let id = isBatched ? chunk.entryID : "*"
      if isKept {
        commands.append(
          (RedisCommand("XADD", logKey, "MAXLEN", "~", count, id, "c", bytes), size))
      }
      if !isBatched { commands.append((RedisCommand("PUBLISH", logKey, bytes), isKept ? 0 : size)) }
    }
    if isBatched, let last = chunks.last?.chunk {
      commands.append((RedisCommand("PUBLISH", logKey, last.entryID), 0))
    }
    return commands
  }

  /// `mayMake`: create the stream if it does not exist.
  static func entry(
    _ reports: [JobReport], in stream: String, mayMake: Bool = true
  ) -> RedisCommand {
    var parts: [any RedisArgument] = ["XADD", stream] + (mayMake ? ["*"] : ["NOMKSTREAM", "*"])
    for (name, value) in JobReport.fields(of: reports) {
      parts.append(name)
      parts.append(value)
    }
    return RedisCommand(parts)
  }
}
