import Engine
import JobProtocol
import Logging
import Redis

/// Keeps the output of a run's jobs in Redis within the run's memory limit.
extension RunEngine {
  /// How many streams are shortened in one step. Each has some megabytes at most.
  private static let logsAtOnce = 64
  private static let requestsAtOnce = 1000
  /// A job that ran for less and wrote nothing has no output in Redis, because its first usage
  /// sample would have come later.
  private static let silentMilliseconds = 50

  func recordLog(_ event: RunEvent, _ effects: inout TurnEffects) {
    switch event.change {
    case .jobStarted(let attempt, _, _): logs.attemptStarted(messages.jobID(attempt))
    case .jobFinished(let attempt, let outcome, let usage, _):
      let job = messages.jobID(attempt)
      let isLost = if case .failed(.lost) = outcome { true } else { false }
      let wasOpen = logs.open.contains(job)
      let isSilent =
        usage.standardOutputBytes + usage.standardErrorBytes == 0
        && usage.wallMilliseconds < Self.silentMilliseconds
      let hasWritten = functionLogs.remove(job) != nil || (wasOpen && (isLost || !isSilent))
      logs.attemptEnded(job, mayGrow: isLost && hasWritten, hasOutput: hasWritten)
      if hasWritten { effects.written.append(job) }
    default: break
    }
  }

  /// Measures the output of attempts that have just ended, and removes what exceeds the limit.
  func limitLogs(_ ended: [JobID]) async {
    guard !ended.isEmpty else { return }
    await measureLogs(of: ended)
    await removeLogs()
  }

  /// Limits the output of running attempts, and of those that could not be measured before.
  func limitOpenLogs() async {
    let missed = unmeasuredLogs
    unmeasuredLogs = []
    await limitLogs(missed + logs.open)
  }

  /// Measures the output that the attempts of a taken-over run have in Redis.
  func measureFormerLogs(of state: RunState) async {
    var ended: [(time: Int, job: JobID)] = []
    for task in state.processes.flatMap(\.tasks) {
      for attempt in task.attempts where attempt.startedAt != nil {
        let job = messages.jobID(AttemptID(task.id, attempt.number))
        if let time = attempt.endedAt {
          ended.append((time, job))
        } else {
          logs.attemptStarted(job)
        }
      }
    }
    ended.sort { $0.time < $1.time }
    for entry in ended { logs.attemptEnded(entry.job, hasOutput: true) }
    await limitLogs(ended.map(\.job) + logs.open)
  }

  /// - Parameter unknown: The assumed size of an output if the server refuses to report it.
  private func measureLogs(of jobs: [JobID], unknown: Int = LogBudget.byteLimit) async {
    for start in stride(from: 0, to: jobs.count, by: Self.requestsAtOnce) {
      let part = jobs[start..<min(start + Self.requestsAtOnce, jobs.count)]
      let requests = part.map {
        RedisCommand("MEMORY", "USAGE", RunKeys.log(job: "\($0)"), "SAMPLES", 0)
      }
      // Not `retry: .always`: that would wait for a server that does not permit the command.
      guard let replies = try? await redis.run(requests) else {
        return unmeasuredLogs.append(contentsOf: jobs[start...])
      }
      for (job, reply) in zip(part, replies) {
        logs.measured(job, bytes: reply.integer ?? (reply.errorText == nil ? 0 : unknown))
      }
    }
  }

  private func removeLogs() async {
    while let removal = logs.nextRemoval(atMost: Self.logsAtOnce) {
      do throws(RedisError) {
        switch removal {
        case .cut(let jobs):
          try await lease.call(LogScripts.cut, keys: jobs.map { RunKeys.log(job: "\($0)") })
          await measureLogs(of: jobs, unknown: LogLedger.markSize)
        case .forget(let jobs):
          try await lease.perform(
            jobs.map { RedisCommand("UNLINK", RunKeys.log(job: "\($0)")) })
          for job in jobs { logs.measured(job, bytes: 0) }
        case .halve(let jobs):
          try await lease.call(LogScripts.halve, keys: jobs.map { RunKeys.log(job: "\($0)") })
          // The next measurement shows whether that was enough.
          return await measureLogs(of: jobs, unknown: 0)
        }
      } catch {
        return log.error("cannot remove output from Redis: \(error)")
      }
    }
  }
}

/// Scripts that shorten the output of jobs in Redis. A reader in the middle of an output notices
/// that the numbers of its chunks have a gap.
enum LogScripts {
  /// Removes all but the last entry of streams, and keeps that entry's id. KEYS[3…]: the streams.
  ///
  /// A new stream allocates 4 KiB, ten times what such an entry needs. A restored stream does not,
  /// so the stream is dumped and restored if that is permitted.
  static let cut = LeasedRedis.Script(
    """
    for i = 3, #KEYS do
      local last = redis.call('XREVRANGE', KEYS[i], '+', '-', 'COUNT', 1)[1]
      if last and redis.call('XLEN', KEYS[i]) > 1 then
        redis.call('UNLINK', KEYS[i])
        redis.call('XADD', KEYS[i], last[1], unpack(last[2]))
        local dump = redis.pcall('DUMP', KEYS[i])
        if type(dump) == 'string' then redis.pcall('RESTORE', KEYS[i], 0, dump, 'REPLACE') end
      end
    end
    return 1
    """)

  /// Removes the older half of streams. KEYS[3…]: the streams.
  static let halve = LeasedRedis.Script(
    """
    for i = 3, #KEYS do
      local count = redis.call('XLEN', KEYS[i])
      if count > 1 then redis.call('XTRIM', KEYS[i], 'MAXLEN', math.ceil(count / 2)) end
    end
    return 1
    """)
}
