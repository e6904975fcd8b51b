import Glibc
import JobProtocol
import Logging
import Posix
import Redis
import Synchronization
import TestSupport
import Testing

@testable import Runner
@testable import Runs

/// How an engine keeps the run's own Redis running.
@Suite(.timeLimit(.minutes(2))) final class RunServerTests {
  private let place: String
  private let run = RedisServer.newRun()
  private let directory: RunDirectory
  private let server: RunServer
  private let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  init() throws {
    place = try Files.makeTemporaryDirectory(prefix: "hflow-runner-test-")
    directory = try RunDirectory.create(for: run, workflowDirectory: place)
    server = try RunServer.start(
      settings: RunSettings(run: run, workflowPath: "\(place)/workflow.json"),
      directory: directory, needsLoopback: false)
    var description = RunDescription(
      run: "\(run)", name: "n", workflowPath: "\(place)/workflow.json", redis: "",
      hasPrivateRedis: true, enginePid: 1, startedAt: 1)
    description.setServer(server.place)
    try description.write(in: directory)
    try set("answer", to: 42)
  }

  deinit {
    server.stop(directory, engine: nil)
    DataHolders(ofDataIn: directory.redisData).end(graceMilliseconds: 1000)
    Files.removeTree(socketDirectory)
    Files.removeTree(place)
  }

  private var socketDirectory: String { RunDirectory.socketDirectory(of: server.place) ?? "" }
  private var child: Child? {
    server.own?.state.value.withLock { $0.server.child }
  }

  private func set(_ key: String, to value: Int) throws {
    _ = try RedisConnection(server.url).call(RedisCommand("SET", key, value))
  }

  /// At the address that all clients have had from the beginning.
  private var answer: Int? {
    try? RedisConnection(server.url).call(RedisCommand("GET", "answer")).integer
  }

  /// The server ends, and its engine is notified.
  private func end() throws {
    let child = try #require(child)
    let end = try child.endDescriptor()
    child.send(SIGKILL)
    #expect(Poll.wait(for: end.number, POLLIN, milliseconds: 60_000))
    _ = child.wait()
    #expect(server.hasEnded(child, .signalled(9), log: log))
    #expect(!server.hasEnded(child, .signalled(9), log: log) || self.child == child)
  }

  /// Checks until another server is running.
  private func untilNew() -> RunServer.CheckResult {
    var result = RunServer.CheckResult()
    let deadline = Clock.monotonicMilliseconds + 60_000
    while !result.isNew, result.failure == nil, Clock.monotonicMilliseconds < deadline {
      result = server.check(log: log)
      if !result.isNew { _ = Poll.wait(for: -1, POLLIN, milliseconds: min(result.next, 100)) }
    }
    return result
  }

  @Test func `a killed server is restarted with its data at the same address`() throws {
    let place = server.place
    for _ in 0..<3 {
      try end()
      #expect(untilNew().isNew)
      #expect(answer == 42)
    }
    #expect(server.place == place)
  }

  @Test func `a server that another process has started meanwhile is adopted`() throws {
    try end()
    let viewerServer = try ViewerServer.open(directory)
    #expect(RunDescription.read(in: directory)?.isOwnedByViewers == true)
    let other = try #require(DataHolders(ofDataIn: directory.redisData).processes.first)
    #expect(untilNew().isNew)
    #expect(child == other)
    #expect(answer == 42)
    #expect(RunDescription.read(in: directory)?.isOwnedByViewers == false)
    // The run has an engine now, so viewers do not stop its server.
    let lease = RunKeys(run).lease
    _ = try RedisConnection(server.url).call(RedisCommand("SET", lease, LeaseToken().text))
    viewerServer.close()
    #expect(answer == 42)
  }

  @Test func `a removed socket is created again, and a notice says so`() throws {
    Files.removeTree(socketDirectory)
    #expect(answer == nil)
    let result = server.check(log: log)
    #expect(result.notices.count == 1)
    #expect(result.notices.first?.contains("\(socketDirectory)/redis.sock") == true)
    let former = try #require(child)
    let end = try former.endDescriptor()
    #expect(Poll.wait(for: end.number, POLLIN, milliseconds: 60_000))
    #expect(server.hasEnded(former, .exited(0), log: log))
    #expect(untilNew().isNew)
    #expect(answer == 42)
  }

  @Test func `if its directory cannot be restored, the socket moves and is found`() throws {
    let former = socketDirectory
    Files.removeTree(former)
    try Files.write([], to: former)
    defer { Files.remove(former) }
    _ = server.check(log: log)
    let child = try #require(child)
    let end = try child.endDescriptor()
    #expect(Poll.wait(for: end.number, POLLIN, milliseconds: 60_000))
    #expect(server.hasEnded(child, .exited(0), log: log))
    #expect(untilNew().isNew)
    #expect(answer == 42)
    #expect(socketDirectory != former)
    let description = try #require(RunDescription.read(in: directory))
    #expect(try RedisURL(parsing: description.redis).endpoint == server.place.endpoint)
  }

  @Test func `a server whose data are gone is kept, and given up when it ends`() throws {
    Files.removeTree(directory.redisData)
    Files.removeTree(socketDirectory)
    #expect(server.check(log: log).notices.first?.contains("redis is gone") == true)
    #expect(server.check(log: log).notices.isEmpty)
    let child = try #require(child)
    #expect(child.groupIsAlive)
    try end()
    let result = untilNew()
    #expect(result.failure?.message.contains("redis is gone") == true)
  }

  @Test func `an unreachable server is not ended while its engine lives`() throws {
    var description = try #require(RunDescription.read(in: directory))
    description.nameEngine()
    try description.write(in: directory)
    Files.removeTree(socketDirectory)
    var settings = RunSettings(run: run, workflowPath: "\(place)/workflow.json")
    settings.resumes = true
    let error = #expect(throws: RunnerError.self) {
      try RunServer.reopen(settings: settings, directory: self.directory, needsLoopback: false)
    }
    #expect(error?.description.contains("its engine is process \(getpid())") == true)
    #expect(throws: RunnerError.self) { try ViewerServer.open(self.directory) }
    #expect(DataHolders(ofDataIn: directory.redisData).processes == [try #require(child)])
  }

  @Test(arguments: [
    // The data are in use by a server that does not answer yet.
    (RedisError(.connect, "another Redis server already uses d"), true),
    (RedisError(.connect, "no such file", at: "unix:///s"), true),
    (RedisError(.io, "connection lost while receiving", at: "unix:///s"), true),
    (RedisError(.closed, "closed", at: "unix:///s"), true),
    (RedisError(.io, "run x has an engine already"), false),
    (RedisError(.timeout, "its Redis cannot be reached", at: "unix:///s"), false),
    (RedisError(.serverMissing, "not installed"), false),
  ])
  func `a server that starts or dies meanwhile is opened again`(error: RedisError, again: Bool) {
    #expect(RunServer.mayReopen(after: error) == again)
  }
}
