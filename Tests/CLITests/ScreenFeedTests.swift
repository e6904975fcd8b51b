import Engine
import JSONValue
import JobProtocol
import Posix
import Redis
import Runner
import Runs
import TUI
import Testing
import Workflow

@testable import CLI

/// A run on a real Redis as an engine has recorded it, without an engine.
private final class RecordedRun {
  static let workflow =
    #"{"name": "recorded", "processes": [{"name": "a", "function": "command", "#
    + #""firingLimit": 5000, "ins": [], "outs": []}], "signals": [], "ins": [], "outs": []}"#

  let run = RunID(randomBits: .random(in: .min ... .max))
  private let redis: RedisConnection
  private var keys: RunKeys { RunKeys(run) }
  private var written = 0

  init(on server: PrivateRedis, startedAt: Int = 1) throws {
    redis = try RedisConnection(server.url)
    let description = RunDescription(
      run: run.text, name: "recorded", workflowPath: "/w/workflow.json", redis: server.url.text,
      hasPrivateRedis: false, enginePid: 0, startedAt: startedAt)
    _ = try redis.run([
      RedisCommand("SET", keys.workflow, Self.workflow),
      RedisCommand("HSET", keys.info, "number", 7),
      RedisCommand("HSET", RunKeys.registry, run.text, description.json.bytes),
    ])
  }

  /// Journals further firings, one event to an entry; returns their numbers.
  @discardableResult
  func fire(_ count: Int) throws -> ClosedRange<Int> {
    let numbers = written + 1...written + count
    written += count
    try journal(
      numbers.map { .taskFired(FiringID(ProcessID(number: 1), $0), consumed: [:]) })
    return numbers
  }

  func journal(_ changes: [RunEvent.Change]) throws {
    _ = try redis.run(
      changes.map { change in
        var entry = JournalEntry()
        entry.append(RunEvent(time: 1000, change))
        return RedisCommand("XADD", keys.events, "*", "e", entry.bytes)
      })
  }

  /// The requests that an engine would read, in order.
  func requests() throws -> [String] {
    let entries = try redis.call(RedisCommand("XRANGE", keys.control, "-", "+")).array ?? []
    return entries.compactMap { $0.array?.last?.array?.last?.bytes }
      .compactMap { try? JSON(parsing: $0)["do"]?.string }
  }

  func watcher() -> RunWatcher { RunWatcher(run: run, url: redis.url, id: "w1") }
}

/// What a screen gets of a recorded run, and the requests that it sends.
@Suite(.timeLimit(.minutes(2))) final class ScreenFeedTests {
  private let place: String
  private let server: PrivateRedis
  private let messageQueue: MessageQueue

  init() throws {
    place = try Files.makeTemporaryDirectory(prefix: "hflow-feed-test-")
    server = try PrivateRedis.start(
      options: .init(
        dataDirectory: "\(place)/data", socketDirectory: place, logFile: "\(place)/log"))
    messageQueue = try MessageQueue()
  }

  deinit {
    server.stop(graceMilliseconds: 2000)
    Files.removeTree(place)
  }

  private func feed(_ recorded: RecordedRun) async throws -> ScreenFeed {
    let watcher = recorded.watcher()
    return ScreenFeed(
      runWatcher: watcher, details: try await watcher.details(), messageQueue: messageQueue)
  }

  private func world(_ recorded: RecordedRun) async throws -> ScreenWorld {
    let world = ScreenWorld(
      try await feed(recorded), finder: RunFinder(redis: server.url.text, directory: place),
      watcher: "w1", keyFile: nil, key: nil, messageQueue: messageQueue)
    world.start()
    return world
  }

  /// All messages until one of them is the wanted one.
  private func messages(until isWanted: (WorldMessage) -> Bool) async throws -> [WorldMessage] {
    let deadline = Clock.monotonicMilliseconds + 60_000
    var messages: [WorldMessage] = []
    while !messages.contains(where: isWanted) {
      try #require(Clock.monotonicMilliseconds < deadline, "\(messages.suffix(5))")
      try await Task.sleep(for: .milliseconds(5))
      messages += messageQueue.drain()
    }
    return messages
  }

  /// The numbers of the firings in messages.
  private func firings(_ messages: [WorldMessage]) -> [Int] {
    messages.flatMap { message in
      guard case .events(let events) = message else { return [Int]() }
      return events.compactMap { $0.change.firing?.number }
    }
  }

  private func has(_ number: Int) -> (WorldMessage) -> Bool {
    { self.firings([$0]).contains(number) }
  }

  // MARK: The feed

  @Test func `a screen gets the whole journal in order, then new events`()
    async throws
  {
    let recorded = try RecordedRun(on: server)
    try recorded.fire(2500)
    let feed = try await feed(recorded)
    feed.start { _ in }
    var all = try await messages(until: has(2500))
    try recorded.fire(3)
    try recorded.journal([.runFinished(.failed)])
    all += try await messages { if case .closed = $0 { true } else { false } }
    #expect(firings(all) == Array(1...2503))
    #expect(feed.isOver && feed.lacksEngine)
    // Full batches of the past have a lag; the last batch is up to date.
    let lags = all.compactMap { if case .lag(let age) = $0 { age } else { nil } }
    #expect(lags.first.map { $0 > 0 } == true && lags.last == 0)
    await feed.disconnect()
  }

  @Test func `another feed continues where the first one stopped`() async throws {
    let recorded = try RecordedRun(on: server)
    try recorded.fire(10)
    let first = try await feed(recorded)
    first.start { _ in }
    _ = try await messages(until: has(10))
    let place = first.stop()
    try recorded.fire(10)
    let second = try await feed(recorded)
    second.start(from: place) { _ in }
    #expect(firings(try await messages(until: has(20))) == Array(11...20))
    await first.disconnect()
    await second.disconnect()
  }

  @Test func `a closed run is open again after a retry`() async throws {
    let recorded = try RecordedRun(on: server)
    try recorded.journal([.runFinished(.failed)])
    let feed = try await feed(recorded)
    feed.start { _ in }
    _ = try await messages { if case .closed = $0 { true } else { false } }
    #expect(feed.isOver)
    try recorded.fire(1)
    _ = try await messages(until: has(1))
    #expect(!feed.isOver)
    await feed.unregister()
    #expect(try recorded.requests() == ["leave"])
  }

  // MARK: The world

  @Test func `requests reach the engine in the order of the keys`() async throws {
    let recorded = try RecordedRun(on: server)
    let world = try await world(recorded)
    for number in 1...20 {
      world.perform(.control(number.isMultiple(of: 2) ? .continue : .pause))
    }
    let wanted = (1...20).map { $0.isMultiple(of: 2) ? "continue" : "pause" }
    let deadline = Clock.monotonicMilliseconds + 60_000
    while try recorded.requests().count < 20, Clock.monotonicMilliseconds < deadline {
      try await Task.sleep(for: .milliseconds(5))
    }
    #expect(try recorded.requests() == wanted)
    await world.feed.unregister()
  }

  @Test func `retrying a closed run whose files are gone is a one-line error`() async throws {
    let recorded = try RecordedRun(on: server)
    try recorded.journal([.runFinished(.failed)])
    let world = try await world(recorded)
    _ = try await messages { if case .closed = $0 { true } else { false } }
    world.perform(.control(.retryAllFailed))
    let all = try await messages { if case .notice = $0 { true } else { false } }
    let notices = all.compactMap { if case .notice(let text) = $0 { text } else { nil } }
    #expect(notices.count == 1)
    #expect(notices.first?.contains("the workflow directory of run") == true, "\(notices)")
    #expect(try recorded.requests().isEmpty)
    await world.feed.unregister()
  }

  @Test func `switching shows the other run from its beginning and leaves the first`() async throws
  {
    let (first, second) = (
      try RecordedRun(on: server, startedAt: 1), try RecordedRun(on: server, startedAt: 2)
    )
    try first.fire(3)
    try second.fire(5)
    let world = try await world(first)
    _ = try await messages(until: has(3))
    world.perform(.listRuns)
    let list = try await messages { if case .runs = $0 { true } else { false } }
    let runs = list.compactMap { if case .runs(let entries) = $0 { entries } else { nil } }.joined()
    #expect(runs.map(\.run) == [second.run.text, first.run.text])
    world.perform(.switchRun(second.run.text))
    let all = try await messages(until: has(5))
    #expect(all.contains { if case .switched = $0 { true } else { false } })
    #expect(firings(all) == Array(1...5))
    let deadline = Clock.monotonicMilliseconds + 60_000
    while try first.requests().isEmpty, Clock.monotonicMilliseconds < deadline {
      try await Task.sleep(for: .milliseconds(5))
    }
    #expect(try first.requests() == ["leave"])
    await world.feed.unregister()
  }

  @Test func `the screen keeps its run if the chosen run does not exist`()
    async throws
  {
    let recorded = try RecordedRun(on: server)
    let world = try await world(recorded)
    world.perform(.switchRun("zzzz"))
    _ = try await messages { if case .notice = $0 { true } else { false } }
    try recorded.fire(1)
    #expect(firings(try await messages(until: has(1))) == [1])
    await world.feed.unregister()
  }
}
