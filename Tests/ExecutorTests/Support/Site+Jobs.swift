import Glibc
import JSONValue
import JobProtocol
import Posix
import Redis
import Testing

/// A job as seen by its engine, after its end.
struct JobRecord {
  var outcome: JobOutcome?
  var usage = JobUsage()
  var kinds: [String] = []
  var chunks: [LogChunk] = []
  var exit: Posix.ExitStatus?

  var output: String { text(.standardOutput) }
  var error: String { text(.standardError) }

  private func text(_ stream: LogChunk.Stream) -> String {
    String(decoding: chunks.filter { $0.stream == stream }.flatMap(\.bytes), as: UTF8.self)
  }
}

extension Site {
  func message(_ job: String, _ members: JSON, extras: JSON? = ["protocol": 2]) -> [UInt8] {
    var all = members.object ?? JSONObject()
    all["taskId"] = .string(job)
    all["name"] = "test"
    if let extras { all["hflow"] = extras }
    for key in ["inputs", "outputs"] where all[key] == nil { all[key] = [] }
    return JSON.object(all).bytes
  }

  func push(_ job: String, _ members: JSON, extras: JSON? = ["protocol": 2]) throws {
    _ = try redis.call(
      RedisCommand("LPUSH", "\(job)_msg", message(job, members, extras: extras)))
  }

  func queue(
    _ job: String, _ members: JSON, pool: String = "abcd", extras: JSON? = ["protocol": 2]
  ) throws {
    _ = try redis.call(
      RedisCommand(
        "LPUSH", PoolKeys(pool).queue, message(job, members, extras: extras)))
  }

  func reports(_ connection: RedisConnection? = nil) throws -> [JobReport] {
    let entries = try (connection ?? redis).call(
      RedisCommand("XRANGE", "hf:abcd:reports", "-", "+"))
    return (entries.array ?? []).flatMap { entry in
      let texts = entry.array?[1].array?.compactMap(\.string) ?? []
      let pairs = stride(from: 0, to: texts.count, by: 2).map { (texts[$0], texts[$0 + 1]) }
      return JobReport.reports(in: pairs)
    }
  }

  func finished(_ connection: RedisConnection? = nil) throws -> [String: JobOutcome] {
    var result: [String: JobOutcome] = [:]
    for case .finished(let job, let outcome, _, _) in try reports(connection) {
      result[job] = outcome
    }
    return result
  }

  func chunks(of job: String, _ connection: RedisConnection? = nil) throws -> [LogChunk] {
    let entries = try (connection ?? redis).call(
      RedisCommand("XRANGE", RunKeys.log(job: job), "-", "+"))
    return (entries.array ?? []).compactMap { entry in
      entry.array?[1].array?[1].bytes.flatMap(LogChunk.init(encoded:))
    }
  }

  /// Runs one job of our engine with a one-shot executor.
  func job(
    _ members: JSON, extras: JSON = ["protocol": 2], environment: [String: String] = [:],
    id: String = "abcd:1:1:1"
  ) throws -> JobRecord {
    try push(id, members, extras: extras)
    var record = JobRecord()
    record.exit = try run([id, url], environment)
    try read(into: &record, id)
    return record
  }

  func read(into record: inout JobRecord, _ id: String) throws {
    for report in try reports() {
      switch report {
      case .taken(id, _, _): record.kinds.append("taken")
      case .started(id, _, _, _): record.kinds.append("started")
      case .finished(id, let outcome, let usage, _):
        record.kinds.append("finished")
        record.outcome = outcome
        record.usage = usage
      default: break
      }
    }
    record.chunks = try chunks(of: id)
  }

  /// A job that is a shell script.
  func script(
    _ text: String, extras: JSON = ["protocol": 2], environment: [String: String] = [:]
  ) throws -> JobRecord {
    try job(
      ["executable": "sh", "args": ["-c", .string(text)]], extras: extras,
      environment: environment)
  }

  /// A connection that receives a job's output from now on.
  func listen(to job: String) throws -> RedisConnection {
    let subscriber = try RedisConnection(server.url)
    _ = try subscriber.call(RedisCommand("SUBSCRIBE", RunKeys.log(job: job)))
    return subscriber
  }

  /// The output of another engine's job, or of an engine that reads the first version: the channel
  /// has the chunks.
  func receivedChunks(_ subscriber: RedisConnection) throws -> [LogChunk] {
    var chunks: [LogChunk] = []
    while chunks.last?.stream != .end {
      guard let push = try subscriber.receive(timeoutMilliseconds: 120_000)?.array, push.count == 3,
        let chunk = push[2].bytes.flatMap(LogChunk.init(encoded:))
      else { return chunks }
      chunks.append(chunk)
    }
    return chunks
  }

  func exists(_ key: String) throws -> Bool {
    try redis.call(RedisCommand("EXISTS", key)).integer == 1
  }

  /// Whether the run has an engine.
  func lease(_ isHeld: Bool) throws {
    let key = RunKeys(try #require(RunID("abcd"))).lease
    _ = try redis.call(isHeld ? RedisCommand("SET", key, "engine") : RedisCommand("DEL", key))
  }

  /// A worker that has just started may not listen yet.
  func order(_ order: ExecutorOrder, pool: String = "abcd") throws {
    let deadline = Clock.monotonicMilliseconds + 10_000
    while try redis.call(RedisCommand("PUBLISH", PoolKeys(pool).orders, order.text)).integer == 0,
      Clock.monotonicMilliseconds < deadline
    {
      _ = Poll.wait(for: -1, 0, milliseconds: 5)
    }
  }

  /// Lets a job that reads from the pipe `gate` continue.
  func openGate() {
    let gate = open("\(work)/gate", O_WRONLY)
    close(gate)
  }

  func members(of key: String) throws -> Set<String> {
    let values = try redis.call(RedisCommand("SMEMBERS", key)).array ?? []
    return Set(values.compactMap(\.string))
  }

  func keys() throws -> Set<String> {
    Set((try redis.call(RedisCommand("KEYS", "*")).array ?? []).compactMap(\.string))
  }

  /// The log files of jobs whose names end with this.
  func logFiles(_ suffix: String) -> [String] {
    Files.list(Files.join(work, "logs-hf")).filter { $0.hasSuffix(suffix) }.map { "logs-hf/\($0)" }
  }
}
