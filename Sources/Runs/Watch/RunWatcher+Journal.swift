public import Engine
public import JobProtocol
public import Redis
public import Workflow

/// Reads the journal and logs as they are, without following them.
extension RunWatcher {
  /// The run's state according to its journal now, and the id of the last entry that was read.
  public func state(
    of details: Details
  ) async throws(RunnerError) -> (state: RunState, lastID: String) {
    try await state(of: details.workflow, details.located)
  }

  /// The same; by default, with the paths from when the run started.
  public func state(
    of workflow: Workflow, _ located: ([RunEvent]) -> [RunEvent] = { $0 }
  ) async throws(RunnerError) -> (state: RunState, lastID: String) {
    var state = RunState(workflow: workflow)
    var last = "0"
    while true {
      let page = try await entries(of: RunKeys(run).events, after: last, limit: Self.pageSize)
      for event in located(Self.events(in: page)) { state.apply(event) }
      last = page.last?.id ?? last
      if page.count < Self.pageSize { return (state, last) }
    }
  }

  /// All events of the journal up to now.
  public func allEvents() async throws(RunnerError) -> [RunEvent] {
    var events: [RunEvent] = []
    var last = "0"
    while true {
      let page = try await entries(of: RunKeys(run).events, after: last, limit: Self.pageSize)
      events += Self.events(in: page)
      last = page.last?.id ?? last
      if page.count < Self.pageSize { return events }
    }
  }

  /// The id of the journal's last entry.
  public func lastEntryID() async throws(RunnerError) -> String {
    let key = RunKeys(run).events
    let reply = try await reply(to: RedisCommand("XREVRANGE", key, "+", "-", "COUNT", 1))
    return StreamEntry.decode(reply, stream: key).first?.id ?? "0"
  }

  /// Follows the journal after an entry.
  public func events(after id: String) -> RedisStreamReader {
    RedisStreamReader(url, streams: [(RunKeys(run).events, id)], count: Self.batchSize)
  }

  /// Whether the run has an engine, according to its lease, which remains for some seconds after an
  /// engine was killed.
  public func hasEngine() async throws(RunnerError) -> Bool {
    try await reply(to: RedisCommand("EXISTS", RunKeys(run).lease)).integer == 1
  }

  /// The chunks of a job's output that Redis has, oldest first.
  /// - Parameter limit: Read only this many chunks, the newest.
  public func chunks(of job: JobID, newest limit: Int? = nil) async throws(RunnerError)
    -> [LogChunk]
  {
    let key = RunKeys.log(job: "\(job)")
    let streams = LogStreams(redis: redis)
    var order = ChunkOrder()
    do throws(RedisError) {
      let chunks =
        if let limit { try await streams.read([(key, .newest)], count: limit)[0].chunks } else {
          try await streams.readAll(key)
        }
      return order.receive(chunks).map(\.chunk)
    } catch {
      throw RunnerError(.infrastructure, "\(error)")
    }
  }

  private static let pageSize = 1000

  private func entries(
    of stream: String, after id: String, limit: Int
  ) async throws(RunnerError) -> [StreamEntry] {
    let start = id == "0" ? "-" : "(\(id)"
    let command = RedisCommand("XRANGE", stream, start, "+", "COUNT", limit)
    return StreamEntry.decode(try await reply(to: command), stream: stream)
  }

  private func reply(to command: RedisCommand) async throws(RunnerError) -> RedisValue {
    do throws(RedisError) {
      return try await redis.call(command, retry: .always)
    } catch {
      throw RunnerError(.infrastructure, "\(error)")
    }
  }
}
