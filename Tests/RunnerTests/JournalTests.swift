import Engine
import JSONValue
import JobProtocol
import Posix
import Redis
import TestSupport
import Testing
import Workflow

@testable import Runner
@testable import Runs

/// The engine's only way of writing, against a real server.
@Suite struct JournalTests {
  private let server: RedisServer
  private let redis: RedisClient
  private let run = RedisServer.newRun()
  /// Longer than any test takes on a busy machine.
  private static let lease = 3_600_000

  init() throws {
    server = try RedisServer()
    redis = server.client()
  }

  private func journal(_ token: String = "engine") -> Journal {
    Journal(run: run, redis: redis, token: token, leaseMilliseconds: Self.lease)
  }

  private func events() async throws -> [RunEvent] {
    let key = RunKeys(run).events
    let reply = try await redis.call(RedisCommand("XRANGE", key, "-", "+"))
    return StreamEntry.decode(reply, stream: key).flatMap {
      JournalEntry.events(in: $0["e"] ?? []).events
    }
  }

  private func notice(_ text: String) -> RunEvent { RunEvent(time: 7, .notice(text)) }

  @Test func `events and the commands of their effect are written together`() async throws {
    let journal = journal()
    try await journal.takeLease()
    let started = RunEvent(
      time: 1, .runStarted(RunInfo(run: "\(run)", name: "n", directory: "/", invoker: "pool")))
    let command = RedisCommand("LPUSH", "queue", [UInt8]([0, 10, 13, 255]), "second")
    try await journal.commit([started, notice("a\nb")], with: [command])
    #expect(try await events() == [started, notice("a\nb")])
    let queue = try await redis.call(RedisCommand("LRANGE", "queue", 0, -1))
    #expect(queue == .array([.bytes(Array("second".utf8)), .bytes([0, 10, 13, 255])]))
  }

  @Test func `a pause sets the queue aside in its commit, even if it is empty`() async throws {
    let journal = journal()
    try await journal.takeLease()
    let aside = RedisCommand("RENAMENX", "queue", "aside")
    try await journal.commit([notice("empty")], with: [aside])
    _ = try await redis.call(RedisCommand("LPUSH", "queue", "job"))
    try await journal.commit([notice("paused")], with: [aside])
    #expect(try await redis.call(RedisCommand("LLEN", "queue")).integer == 0)
    #expect(try await redis.call(RedisCommand("LLEN", "aside")).integer == 1)
    #expect(try await events() == [notice("empty"), notice("paused")])
  }

  @Test func `a commit without events adds no entry`() async throws {
    let journal = journal()
    try await journal.takeLease()
    try await journal.commit([], with: [RedisCommand("SET", "k", "v")])
    #expect(try await events().isEmpty)
    #expect(try await redis.call(RedisCommand("GET", "k")).string == "v")
  }

  @Test func `a commit refused in the middle continues there and is written once`()
    async throws
  {
    let journal = journal()
    try await journal.takeLease()
    try await redis.call(RedisCommand("SET", "list", "no list"))
    redis.waitOutServerErrors()
    let commands = [
      RedisCommand("INCR", "count"), RedisCommand("LPUSH", "list", "a"),
      RedisCommand("INCR", "count"),
    ]
    let states = redis.states
    let commit = Task { try await journal.commit([notice("once")], with: commands) }
    for await state in states {
      if case .lost(let error) = state, error.message.hasPrefix("WRONGTYPE") { break }
    }
    _ = try RedisConnection(server.url).call(RedisCommand("DEL", "list"))
    try await commit.value
    #expect(try await events() == [notice("once")])
    #expect(try await redis.call(RedisCommand("GET", "count")).integer == 2)
    #expect(try await redis.call(RedisCommand("LLEN", "list")).integer == 1)
    try await journal.commit([notice("twice")])
    #expect(try await events() == [notice("once"), notice("twice")])
  }

  @Test func `long events become several entries`() async throws {
    let journal = journal()
    try await journal.takeLease()
    let long = (0..<5).map { notice(String(repeating: "\($0)", count: 200_000)) }
    try await journal.commit(long)
    #expect(try await events() == long)
    let length = try await redis.call(RedisCommand("XLEN", RunKeys(run).events))
    #expect(length.integer == 3)
  }

  @Test(arguments: [true, false])
  func `an engine that is ahead of its journal writes nothing more`(isEmpty: Bool) async throws {
    let journal = journal()
    let key = "\(RunKeys(run).events):commit"
    try await journal.takeLease()
    // The run's other keys exist.
    try await redis.call(RedisCommand("SET", RunKeys(run).workflow, "{}"))
    try await journal.commit([notice("first")])
    let before = try await redis.call(RedisCommand("GET", key)).string ?? ""
    try await journal.commit([notice("second")])
    // The data of a server that was killed before it had written the last commits.
    let restored = isEmpty ? RedisCommand("DEL", key) : RedisCommand("SET", key, before)
    _ = try await redis.call(restored)
    let written = try await events()
    let error = await #expect(throws: RunnerError.self) {
      try await journal.commit([self.notice("third")])
    }
    #expect(error?.code == .interrupted)
    #expect(error?.description.contains("hflow-tui resume") == true)
    #expect(try await events() == written)
  }

  @Test func `a lease is renewed while nothing is committed`() async throws {
    let journal = Journal(run: run, redis: redis, token: "engine", leaseMilliseconds: 3000)
    try await journal.takeLease()
    await journal.keepLease()
    var minimum = 3000
    var isRenewed = false
    let deadline = Clock.monotonicMilliseconds + 60_000
    while !isRenewed, Clock.monotonicMilliseconds < deadline {
      let left = try await redis.call(RedisCommand("PTTL", RunKeys(run).lease)).integer ?? 0
      isRenewed = left > minimum
      minimum = min(minimum, left)
    }
    #expect(isRenewed)
    await journal.dropLease()
    #expect(try await redis.call(RedisCommand("EXISTS", RunKeys(run).lease)).integer == 0)
  }

  @Test func `a run has one engine`() async throws {
    try await journal(LeaseToken().text).takeLease()
    let error = await #expect(throws: RunnerError.self) {
      try await self.journal(LeaseToken().text).takeLease()
    }
    #expect(error?.code == .infrastructure)
    #expect(error?.description.contains("has an engine already (") == true)
  }

  @Test func `a lease that an engine on another host renews is not taken`() async throws {
    let far = journal("far away")
    try await far.takeLease()
    let renewing = Task {
      for await _ in Ticker.ticks(every: 50) { try await far.renewLease() }
    }
    let error = await #expect(throws: RunnerError.self) {
      try await self.journal("second").takeLease()
    }
    renewing.cancel()
    #expect(error?.description.contains("has an engine already") == true)
  }

  @Test func `the lease of a dead process of this host is taken at once`() async throws {
    let child = try Child.spawn(SpawnRequest("sleep", ["600"]))
    let identity = try #require(ProcessIdentity(of: Int(child.pid)))
    child.send(9)
    _ = child.wait()
    let dead: JSON = [
      "host": .string(Environment.hostName), "process": .string(identity.text), "chance": "x",
    ]
    try await journal(dead.text).takeLease()
    try await journal("second").takeLease()
  }

  @Test func `the next engine reads the whole journal and continues the numbers`() async throws {
    let first = journal("first")
    try await first.takeLease()
    for number in 0..<1200 { try await first.commit([notice("\(number)")]) }
    await first.dropLease()
    let second = journal("second")
    try await second.takeLease()
    var texts: [String] = []
    var entry: String?
    while let page = try await second.events(after: entry) {
      texts += page.events.map { if case .notice(let text) = $0.change { text } else { "?" } }
      entry = page.entry
    }
    #expect(texts == (0..<1200).map(String.init))
    try await second.commit([notice("more")])
    await #expect(throws: RunnerError.self) { try await first.commit([self.notice("late")]) }
    #expect(try await events().count == 1201)
  }

  @Test func `a replaced engine writes nothing more`() async throws {
    let journal = journal()
    try await journal.takeLease()
    try await journal.commit([notice("mine")])
    _ = try await redis.call(RedisCommand("SET", RunKeys(run).lease, "another"))
    let error = await #expect(throws: RunnerError.self) {
      try await journal.commit([self.notice("late")], with: [RedisCommand("SET", "k", "late")])
    }
    #expect(error?.description.contains("another engine has taken run") == true)
    #expect(try await events() == [notice("mine")])
    #expect(try await redis.call(RedisCommand("GET", "k")).isNull)
    #expect(try await redis.call(RedisCommand("GET", RunKeys(run).lease)).string == "another")
  }

  @Test func `an expired lease that no other engine took is taken again`() async throws {
    let journal = journal()
    try await journal.takeLease()
    try await journal.commit([notice("before")])
    _ = try await redis.call(RedisCommand("DEL", RunKeys(run).lease))
    try await journal.commit([notice("after")])
    #expect(try await events() == [notice("before"), notice("after")])
    #expect(try await redis.call(RedisCommand("GET", RunKeys(run).lease)).string == "engine")
  }

  @Test func `an expired lease is lost once another engine has taken it`()
    async throws
  {
    let first = journal("first")
    try await first.takeLease()
    _ = try await redis.call(RedisCommand("DEL", RunKeys(run).lease))
    let second = journal("second")
    try await second.takeLease()
    // The second engine's lease has expired as well, before it wrote anything.
    _ = try await redis.call(RedisCommand("DEL", RunKeys(run).lease))
    await #expect(throws: RunnerError.self) { try await first.commit([self.notice("late")]) }
    try await second.commit([notice("mine")])
    #expect(try await events() == [notice("mine")])
  }

  @Test func `a commit that is sent again is executed once`() async throws {
    try await journal().takeLease()
    let keys = RunKeys(run)
    for expected in [1, 2] {
      let reply = try await redis.script(
        CommitScript.script, keys: [keys.lease, "\(keys.events):commit", keys.events],
        arguments: ["engine", Self.lease, 1, "{}", 2, "INCR", "count"])
      #expect(reply.integer == expected)
    }
    #expect(try await redis.call(RedisCommand("GET", "count")).integer == 1)
    #expect(try await redis.call(RedisCommand("XLEN", keys.events)).integer == 1)
  }

  @Test func `renewing extends the lease`() async throws {
    let journal = journal()
    try await journal.takeLease()
    _ = try await redis.call(RedisCommand("PEXPIRE", RunKeys(run).lease, 5000))
    try await journal.renewLease()
    let left = try await redis.call(RedisCommand("PTTL", RunKeys(run).lease)).integer ?? 0
    #expect(left > 5000 && left <= Self.lease)
  }

  @Test func `a dropped lease is free at once`() async throws {
    let journal = journal()
    try await journal.takeLease()
    await journal.dropLease()
    try await self.journal("next").takeLease()
  }

  @Test func `an output chunk that its stream already has is not an error`() async throws {
    let journal = journal()
    try await journal.takeLease()
    let output = RedisCommand("XADD", "log", "5-1", "c", "text")
    try await journal.commit([notice("first")], with: [output])
    try await journal.commit(
      [notice("second")], with: [output, RedisCommand("INCR", "count")])
    #expect(try await redis.call(RedisCommand("XLEN", "log")).integer == 1)
    #expect(try await redis.call(RedisCommand("GET", "count")).integer == 1)
    #expect(try await events().count == 2)
  }

  @Test func `a command with too many members for a script is written whole`() async throws {
    let journal = journal()
    try await journal.takeLease()
    let members = (0..<20_001).map { "\($0)" }
    try await journal.commit([notice("many")], with: [RedisCommand(["RPUSH", "many"] + members)])
    let reply = try await redis.call(RedisCommand("LRANGE", "many", 0, -1))
    #expect((reply.array ?? []).compactMap(\.string) == members)
    #expect(try await events().count == 1)
  }

  @Test func `invalid lines are counted, and the others are read`() {
    let good = notice("fine").json.text
    let (events, unreadable) = JournalEntry.events(in: Array("\(good)\nnonsense\n{}\n".utf8))
    #expect(events == [notice("fine")])
    #expect(unreadable == 2)
  }

}
