import Engine
import JobProtocol
import Posix
import Redis
import Synchronization
import TestSupport
import Testing
import Workflow

@testable import Runs

/// The feed of a screen against a real Redis, while output is written.
@Suite struct LogFeedTests {
  private let server: RedisServer
  private let client: RedisClient
  private let run = RedisServer.newRun()
  private let details: RunWatcher.Details
  private let received = ReceivedLogs()

  /// What was delivered, and a way to wait for it.
  private final class ReceivedLogs: Sendable {
    private let outputs = Mutex<[LogUpdate]>([])

    func add(_ output: LogUpdate) { outputs.withLock { $0.append(output) } }
    func clear() { outputs.withLock { $0 = [] } }

    func sequences(_ attempt: AttemptID) -> [Int] {
      outputs.withLock { outputs in
        outputs.filter { $0.attempt == attempt }.flatMap { $0.chunks.map(\.sequence) }
      }
    }

    var all: [(AttemptID, Int)] {
      outputs.withLock { outputs in
        outputs.flatMap { output in output.chunks.map { (output.attempt, $0.sequence) } }
      }
    }

    /// Waits until the condition holds, at most ten seconds.
    func eventually(_ condition: (ReceivedLogs) -> Bool) async -> Bool {
      let deadline = Clock.monotonicMilliseconds + 120_000
      while !condition(self) {
        if Clock.monotonicMilliseconds > deadline { return false }
        await Task.yield()
      }
      return true
    }
  }

  init() throws {
    server = try RedisServer()
    client = server.client()
    let processes = (1...3).map {
      #"{"name": "p\#($0)", "function": "command", "ins": [], "outs": []}"#
    }
    details = RunWatcher.Details(
      workflow: try Workflow.sample(processes.joined(separator: ",")), run: run, workflowNumber: 7)
  }

  private func attempt(_ process: Int, _ number: Int = 1) -> AttemptID {
    AttemptID(FiringID(ProcessID(number: process), 1), number)
  }

  private func chunk(_ number: Int, time: Int? = nil) -> LogChunk {
    LogChunk(
      sequence: number, stream: .standardOutput, time: time ?? number,
      bytes: Array("line \(number)\n".utf8))
  }

  private func key(_ attempt: AttemptID) -> String {
    RunKeys.log(job: "\(details.jobID(attempt))")
  }

  private func write(_ numbers: ClosedRange<Int>, _ attempt: AttemptID, time: Int? = nil)
    async throws
  {
    let chunks = numbers.map { chunk($0, time: time) }
    _ = try await client.run(
      chunks.map { RedisCommand("XADD", key(attempt), $0.entryID, "c", $0.encoded) }
        + chunks.suffix(1).map { RedisCommand("PUBLISH", key(attempt), $0.entryID) })
  }

  /// Writes as executors of an earlier version do, and again after a lost answer.
  private func writeTwice(_ number: Int, _ attempt: AttemptID) async throws {
    let bytes = chunk(number).encoded
    for _ in 1...2 {
      _ = try await client.run([
        RedisCommand("XADD", key(attempt), "*", "c", bytes),
        RedisCommand("PUBLISH", key(attempt), bytes),
      ])
    }
  }

  private func watching(
    _ subscription: LogSubscription, _ body: (LogFeed) async throws -> Void
  ) async throws {
    let feed = LogFeed(details, url: server.url)
    feed.follow(subscription)
    let received = received
    let running = Task {
      await feed.run {
        received.add($0)
      } onError: {
        Issue.record("\($0)")
      }
    }
    try await body(feed)
    running.cancel()
    await running.value
  }

  @Test func `a late watcher gets all kept output, then new output`() async throws {
    try await write(1...300, attempt(1))
    try await watching(.attempts([attempt(1)])) { _ in
      #expect(await received.eventually { $0.sequences(attempt(1)).count >= 300 })
      try await write(301...400, attempt(1))
      #expect(await received.eventually { $0.sequences(attempt(1)).count >= 400 })
    }
    #expect(received.sequences(attempt(1)) == Array(1...400))
  }

  @Test func `attaching during writing misses and repeats nothing`() async throws {
    let writer = Task {
      for start in stride(from: 1, to: 2000, by: 20) {
        try await write(start...start + 19, attempt(1))
      }
    }
    _ = await received.eventually { _ in true }
    try await watching(.attempts([attempt(1)])) { _ in
      try await writer.value
      #expect(await received.eventually { $0.sequences(attempt(1)).count >= 2000 })
    }
    #expect(received.sequences(attempt(1)) == Array(1...2000))
  }

  @Test func `switching to another log and back starts both from the beginning`() async throws {
    try await write(1...10, attempt(1))
    try await write(1...20, attempt(2))
    try await watching(.attempts([attempt(1)])) { feed in
      #expect(await received.eventually { $0.sequences(attempt(1)).count == 10 })
      feed.follow(.attempts([attempt(2)]))
      #expect(await received.eventually { $0.sequences(attempt(2)).count == 20 })
      try await write(11...12, attempt(1))
      received.clear()
      feed.follow(.attempts([attempt(1)]))
      #expect(await received.eventually { $0.sequences(attempt(1)).count == 12 })
      try await write(13...13, attempt(1))
      #expect(await received.eventually { $0.sequences(attempt(1)).count == 13 })
      #expect(received.sequences(attempt(2)).isEmpty)
    }
    #expect(received.sequences(attempt(1)) == Array(1...13))
  }

  @Test func `an attempt that is left and wanted again is read from the beginning`() async throws {
    try await write(1...10, attempt(1))
    try await watching(.attempts([attempt(1)])) { feed in
      #expect(await received.eventually { $0.sequences(attempt(1)).count == 10 })
      feed.follow(.attempts([]))
      feed.follow(.attempts([attempt(1)]))
      #expect(await received.eventually { $0.sequences(attempt(1)).count == 20 })
      try await write(11...11, attempt(1))
      #expect(await received.eventually { $0.sequences(attempt(1)).last == 11 })
    }
    #expect(received.sequences(attempt(1)) == Array(1...10) + Array(1...11))
  }

  @Test func `two attempts are followed at once`() async throws {
    try await write(1...5, attempt(1, 1))
    try await watching(.attempts([attempt(1, 1), attempt(1, 2)])) { _ in
      try await write(1...5, attempt(1, 2))
      #expect(await received.eventually { $0.all.count == 10 })
    }
    #expect(received.sequences(attempt(1, 1)) == Array(1...5))
    #expect(received.sequences(attempt(1, 2)) == Array(1...5))
  }

  @Test func `a merged log is in order of time and includes new attempts`() async throws {
    for (number, time) in [(1, 100), (2, 50), (1, 200), (2, 150)].enumerated() {
      try await write(number / 2 + 1...number / 2 + 1, attempt(time.0), time: time.1)
    }
    try await write(1...3, attempt(3))
    let processes = Set([1, 2].map { ProcessID(number: $0) })
    try await watching(.processes(processes, backlog: [attempt(1), attempt(2)])) { _ in
      #expect(await received.eventually { $0.all.count == 4 })
      #expect(received.all.map { $0.0 } == [2, 1, 2, 1].map { attempt($0) })
      try await write(1...2, attempt(1, 2), time: 300)
      try await write(4...4, attempt(3), time: 310)
      try await write(3...3, attempt(2), time: 320)
      #expect(await received.eventually { $0.sequences(attempt(2)).last == 3 })
    }
    #expect(received.sequences(attempt(1, 2)) == [1, 2])
    #expect(received.sequences(attempt(3)).isEmpty)
  }

  @Test func `a lost connection leaves no gap`() async throws {
    try await write(1...10, attempt(1))
    try await watching(.attempts([attempt(1)])) { _ in
      #expect(await received.eventually { $0.sequences(attempt(1)).count == 10 })
      try await client.call(RedisCommand("CLIENT", "KILL", "TYPE", "pubsub"))
      try await write(11...90, attempt(1))
      #expect(await received.eventually { $0.sequences(attempt(1)).count >= 90 })
    }
    #expect(received.sequences(attempt(1)) == Array(1...90))
  }

  @Test func `a feed that follows attempts to their ends returns with them`() async throws {
    try await write(1...3, attempt(1))
    let feed = LogFeed(details, url: server.url)
    feed.follow(.attempts([attempt(1)]))
    let received = received
    let running = Task {
      await feed.run(untilEnd: true) {
        received.add($0)
      } onError: {
        Issue.record("\($0)")
      }
    }
    #expect(await received.eventually { $0.sequences(attempt(1)).count == 3 })
    let end = LogChunk(sequence: 4, stream: .end, time: 9, bytes: [])
    _ = try await client.run([
      RedisCommand("XADD", key(attempt(1)), end.entryID, "c", end.encoded),
      RedisCommand("PUBLISH", key(attempt(1)), end.entryID),
    ])
    await running.value
    #expect(received.sequences(attempt(1)) == Array(1...4))
  }

  @Test func `text on the channel that is not in the stream is not shown`() async throws {
    try await watching(.attempts([attempt(1)])) { _ in
      try await write(1...1, attempt(1))
      #expect(await received.eventually { $0.sequences(attempt(1)) == [1] })
      _ = try await client.run([RedisCommand("PUBLISH", key(attempt(1)), chunk(2).encoded)])
      try await write(3...3, attempt(1))
      #expect(await received.eventually { $0.sequences(attempt(1)).last == 3 })
    }
    #expect(received.sequences(attempt(1)) == [1, 3])
  }

  @Test func `executors of an earlier version are followed, too`() async throws {
    try await watching(.attempts([attempt(1)])) { _ in
      for number in 1...20 { try await writeTwice(number, attempt(1)) }
      #expect(await received.eventually { $0.sequences(attempt(1)).count >= 40 })
    }
    var order = ChunkOrder()
    let pieces = order.receive(received.all.map { chunk($0.1) })
    #expect(pieces.map(\.chunk.sequence) == Array(1...20) && pieces.allSatisfy { $0.missing == 0 })
  }

  @Test func `the last lines of several jobs are updated as they write`() async throws {
    try await write(1...3, attempt(1))
    let lines = Mutex<[AttemptID: String]>([:])
    let tails = LogTails(details, url: server.url) { attempt, line in
      lines.withLock { $0[attempt] = line }
    }
    defer { tails.stop() }
    tails.follow([attempt(1), attempt(2)])
    #expect(await received.eventually { _ in lines.withLock { $0[attempt(1)] == "line 3" } })
    try await write(4...40, attempt(1))
    try await write(1...1, attempt(2))
    #expect(
      await received.eventually { _ in
        lines.withLock { $0 == [attempt(1): "line 40", attempt(2): "line 1"] }
      })
  }

  @Test func `logs of other runs are ignored`() {
    let mine = RunKeys.log(job: "\(details.jobID(attempt(2, 3)))")
    #expect(details.attempt(ofLog: mine) == attempt(2, 3))
    #expect(details.attempt(ofLog: mine.replacing(":7:", with: ":8:")) == nil)
    #expect(details.attempt(ofLog: RunKeys.log(job: "\(run):7:4:1")) == nil)
    #expect(details.attempt(ofLog: RunKeys.log(job: "\(RedisServer.newRun()):7:1:1")) == nil)
    #expect(details.attempt(ofLog: "hf") == nil)
  }
}
