public import Engine
import JSONValue
public import JobProtocol
import Posix
public import Redis
public import Signing
public import Workflow

/// A run as seen from anywhere that reaches its Redis: its workflow, its events from the first one
/// on, and requests to its engine.
///
/// It does not matter when a watcher attaches: it reads everything from the journal.
public struct RunWatcher: Sendable {
  public let run: RunID
  public let url: RedisURL
  let redis: RedisClient
  private let id: String
  private let keys: RunKeys
  private let signingKey: SigningKey?
  public let workflowPath: String?

  /// - Parameters:
  ///   - id: Unique among the watchers of the run.
  ///   - key: Signs requests to the engine.
  ///   - workflowPath: Where the workflow is now, if the caller knows.
  public init(
    run: RunID, url: RedisURL, id: String, key: SigningKey? = nil, workflowPath: String? = nil
  ) {
    signingKey = key
    self.workflowPath = workflowPath
    self.run = run
    self.url = url
    self.id = id
    keys = RunKeys(run)
    var options = RedisClient.Options()
    options.reconnectTimeoutMilliseconds = Self.reconnectMilliseconds
    redis = RedisClient(url, options: options)
  }

  /// How long a command waits for a Redis that is away. Readers that follow the run wait without
  /// limit.
  private static let reconnectMilliseconds = 30_000

  /// What never changes about a run.
  public struct Details: Sendable {
    /// The workflow as the run uses it.
    public let workflow: Workflow
    package let run: RunID
    let workflowNumber: Int
    var move: DirectoryMove?

    /// The events with present paths, if the workflow's directory was moved since.
    public func located(_ events: [RunEvent]) -> [RunEvent] {
      guard let move else { return events }
      return events.map { event in
        guard case .runStarted(var info) = event.change else { return event }
        info.directory = move.place(of: info.directory)
        info.workflowDirectory = info.workflowDirectory.map(move.place)
        info.logDirectory = info.logDirectory.map(move.place)
        return RunEvent(time: event.time, .runStarted(info))
      }
    }

    /// The job of an attempt, whose id names its log.
    public func jobID(_ attempt: AttemptID) -> JobID {
      JobID(attempt, run: run, workflow: workflowNumber)
    }
  }

  /// Reads what never changes about the run. Also adopts the clock of the run's engine, if both are
  /// on one machine.
  public func details() async throws(RunnerError) -> Details {
    let replies: [RedisValue]
    do throws(RedisError) {
      replies = try await redis.run([
        RedisCommand("GET", keys.workflow), RedisCommand("HGET", keys.info, "variables"),
        RedisCommand("HGET", keys.info, "number"), RedisCommand("HGET", keys.info, "clock"),
        RedisCommand("HGET", keys.info, "settings"),
        RedisCommand("HGET", keys.info, "description"),
      ])
    } catch {
      throw RunnerError(.infrastructure, "\(error)")
    }
    guard let bytes = replies[0].bytes else {
      throw RunnerError(.infrastructure, "there is no run \(run.short) on Redis at \(url)")
    }
    let reading = Self.read(workflow: bytes, variables: replies[1].bytes)
    guard let workflow = reading.workflow else {
      throw RunnerError(
        .invalidWorkflow, reading.findings.filter { $0.severity == .error }.map { "\($0)" })
    }
    if let clock = replies[3].string { ClockAnchor.adopt(clock) }
    let number = replies[2].string.flatMap { Int($0) } ?? 1
    let paths = replies[4...5].map { reply in
      reply.bytes.flatMap { try? JSON(parsing: $0) }?["workflow"]?.string
    }
    return Details(
      workflow: workflow, run: run, workflowNumber: number,
      move: DirectoryMove(ofWorkflow: paths[0], to: workflowPath ?? paths[1]))
  }

  /// The workflow's text as the run has stored it; `nil` if there is none.
  public func workflowText() async throws(RunnerError) -> [UInt8]? {
    do throws(RedisError) {
      return try await redis.run([RedisCommand("GET", keys.workflow)])[0].bytes
    } catch {
      throw RunnerError(.infrastructure, "\(error)")
    }
  }

  /// Reads a workflow and its variables as a run has stored them.
  static func read(workflow: [UInt8], variables: [UInt8]?) -> WorkflowReading {
    let members = variables.flatMap { try? JSON(parsing: $0) }?.object?.members ?? []
    let variables = Dictionary(
      members.map { ($0.key, $0.value.displayText) }, uniquingKeysWith: { first, _ in first })
    return Workflow.read(workflow, variables: variables)
  }

  /// The run's state once it has settled, however long that takes; the last known state if its
  /// Redis is lost.
  public func settledState(of workflow: Workflow) async -> RunState {
    guard var (state, last) = try? await state(of: workflow) else {
      return RunState(workflow: workflow)
    }
    if state.settledAt != nil { return state }
    let reader = events(after: last)
    do {
      for try await batch in reader {
        for event in Self.events(in: batch) { state.apply(event) }
        last = batch.last?.id ?? last
        if state.settledAt != nil || state.isFinished { break }
      }
    } catch {
      return state
    }
    reader.cancel()
    return state
  }

  /// The largest batch of `events`, in entries. A smaller batch means that the end of the journal
  /// is reached.
  public static let batchSize = 500

  /// Follows the journal from its beginning.
  public var events: RedisStreamReader {
    RedisStreamReader(url, streams: [(keys.events, "0")], count: Self.batchSize)
  }

  /// Decodes a batch of `events`. A notice counts lines that cannot be read.
  public static func events(in entries: [StreamEntry]) -> [RunEvent] {
    entries.flatMap { entry in
      let (events, unreadable) = JournalEntry.events(in: entry["e"] ?? [])
      guard unreadable > 0 else { return events }
      let text = "\(unreadable) unreadable lines in journal entry \(entry.id) were ignored"
      return events + [RunEvent(time: events.last?.time ?? 0, .notice(text))]
    }
  }

  /// Sends the watcher's heartbeat until the task is cancelled. Calls `engineIsAlive` when the
  /// engine has gone or another one has come.
  public func keepAlive(_ engineIsAlive: @Sendable (Bool) -> Void) async {
    // A Redis that is away must not keep us from checking the engine's process.
    var options = RedisClient.Options()
    options.reconnectTimeoutMilliseconds = WatcherRegister.heartbeatMilliseconds
    let redis = RedisClient(url, options: options)
    let register = WatcherRegister(run: run, redis: redis)
    var liveness = EngineLiveness()
    for await _ in Ticker.ticks(every: WatcherRegister.heartbeatMilliseconds) {
      let replies = try? await redis.run(
        [register.heartbeatCommand(of: id), RedisCommand("GET", keys.lease)], retry: .always)
      let isNews =
        if let replies, replies.count == 2, replies[1].errorText == nil {
          liveness.leaseRead(replies[1].string)
        } else {
          // The outage is reported elsewhere.
          liveness.leaseUnreadable()
        }
      if isNews { engineIsAlive(liveness.isAlive) }
    }
    await redis.close()
  }

  public func send(_ request: ControlRequest) async throws(RedisError) {
    try await redis.call(RedisCommand("XADD", keys.control, "*", "c", text(of: request)))
  }

  /// How long a signed request is valid: the engine may be busy, and clocks differ.
  static let requestLifeMilliseconds = 120_000

  private func text(of request: ControlRequest) -> [UInt8] {
    guard let signingKey else { return request.json.bytes }
    let nonce = (0..<2).map { _ in String(UInt64.random(in: .min ... .max), radix: 36) }.joined()
    return signingKey.sign(
      control: request.json, run: run,
      expires: Clock.wallMilliseconds + Self.requestLifeMilliseconds, nonce: nonce
    ).bytes
  }

  /// Closes the connection of a watcher that sent no heartbeat.
  public func disconnect() async { await redis.close() }

  /// Tells the engine that this watcher is gone. Does not wait for a Redis that is away, and
  /// ignores errors.
  public func unregister() async {
    if let connection = try? RedisConnection(url, timeoutMilliseconds: Self.unregisterMilliseconds)
    {
      _ = try? connection.run(
        [
          RedisCommand("ZREM", keys.watchers, id),
          RedisCommand("XADD", keys.control, "*", "c", text(of: .leave(watcher: id))),
        ], timeoutMilliseconds: Self.unregisterMilliseconds)
    }
    await redis.close()
  }

  private static let unregisterMilliseconds = 2000
}

extension RunWatcher.Details {
  /// The attempt whose output is in a channel or stream; `nil` if it is another run's.
  func attempt(ofLog key: String) -> AttemptID? {
    let lead = RunKeys.log(job: "\(run):")
    guard key.hasPrefix(lead), let job = JobID(parsing: "\(run):\(key.dropFirst(lead.count))"),
      job.task.workflow == workflowNumber,
      workflow.processes.indices.contains(job.task.process - 1)
    else { return nil }
    let firing = FiringID(ProcessID(number: job.task.process), job.task.firing)
    return AttemptID(firing, job.attempt)
  }

  /// Matches the log of every job of the run.
  var logPattern: String { RunKeys.log(job: "\(run):*") }
}

extension RunWatcher {
  /// How often the health of the workers is read while a screen shows it.
  static let healthMilliseconds = 5_000

  /// Delivers the latest heartbeats of the run's workers, now and every few seconds, until the task
  /// is cancelled. Workers whose heartbeat has expired are left out.
  public func watchWorkers(_ deliver: @Sendable ([WorkerHealth]) -> Void) async {
    // Outages of Redis are reported elsewhere.
    for await _ in Ticker.ticks(every: Self.healthMilliseconds) {
      if let health = try? await workerHealth() { deliver(health) }
    }
  }

  /// The latest heartbeats of the run's workers that have not expired.
  public func workerHealth() async throws(RedisError) -> [WorkerHealth] {
    let pool = PoolKeys(run.text)
    let names = try await redis.call(RedisCommand("SMEMBERS", pool.workers), retry: .always)
    let keys = (names.array ?? []).compactMap(\.string).sorted().map(pool.alive)
    if keys.isEmpty { return [] }
    let values = try await redis.call(RedisCommand(["MGET"] + keys), retry: .always)
    return (values.array ?? []).compactMap { $0.bytes.flatMap(WorkerHealth.init(parsing:)) }
  }
}
