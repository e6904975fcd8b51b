import Engine
import JSONValue
import JobProtocol
import Logging
import Posix
import Redis
import TestSupport
import Testing
import Workflow

@testable import Runner
@testable import Runs

/// One-shot executors that are not children of this engine.
@Suite struct HolderTests {
  private let server: RedisServer
  private let redis: RedisClient
  private let host: HostLoop
  private let run = RedisServer.newRun()
  private let delivered = Inbox<InvokerNews>()

  init() throws {
    server = try RedisServer()
    redis = server.client()
    host = try HostLoop(signals: [])
  }

  private var job: SubmittedJob {
    let firing = FiringID(ProcessID(number: 1), 1)
    let task = TaskID(run: run, workflow: 1, process: 1, firing: 1)
    return SubmittedJob(
      id: JobID(task: task, attempt: 1), attempt: AttemptID(firing, 1), message: Array("{}".utf8))
  }

  private func invoker(_ command: [String] = ["true"]) -> OneShotInvoker {
    let delivered = delivered
    return OneShotInvoker(
      run: run, slots: 1, signingKey: nil, keyFile: nil, command: command,
      directory: FollowedDirectory(server.directory),
      runDirectory: RunDirectory(path: server.directory), executorURL: server.url,
      lease: LeasedRedis(run: run, token: "test", redis: redis), host: host,
      log: Logger(label: "test"), deliver: { delivered.send($0) })
  }

  /// The news about the end of the process that was started.
  private func newsOfEnd() async -> InvokerNews? {
    let host = host
    let thread = Task { await events(of: host, count: 1) }
    let news = await delivered.nextAll()?.first
    host.stop()
    _ = await thread.value
    return news
  }

  private func setHolder(_ holder: JobHolder?) async throws {
    let key = RunKeys.alive(job: "\(job.id)")
    _ = try await redis.call(
      holder.map { RedisCommand("SET", key, $0.json.bytes) } ?? RedisCommand("DEL", key))
  }

  private let elsewhere = JobHolder(host: "node-of-another-rack", pid: 1, bootID: "b")

  private func lost(_ news: InvokerNews?) -> [JobID] { news?.ended.map(\.job) ?? [] }

  @Test func `a job that was handed on to another host is followed by its key`() async throws {
    let invoker = invoker()
    try await invoker.start()
    _ = await invoker.submit([job])
    try await setHolder(elsewhere)
    #expect(lost(await newsOfEnd()) == [])
    #expect(lost(await invoker.holderIsDue(job.id)) == [], "its key is there")
    try await setHolder(nil)
    #expect(lost(await invoker.holderIsDue(job.id)) == [], "it may be cut off for a moment")
    try await setHolder(elsewhere)
    #expect(lost(await invoker.holderIsDue(job.id)) == [])
    try await setHolder(nil)
    #expect(lost(await invoker.holderIsDue(job.id)) == [])
    #expect(lost(await invoker.holderIsDue(job.id)) == [job.id])
    await redis.close()
  }

  @Test func `a job whose local executor ended without a successor is lost`() async throws {
    let invoker = invoker()
    try await invoker.start()
    _ = await invoker.submit([job])
    let child = try #require(await invoker.children[job.id])
    let own = JobHolder(
      host: Environment.hostName, pid: Int(child.pid), bootID: Environment.bootID)
    try await setHolder(own)
    #expect(lost(await newsOfEnd()) == [job.id])
    await redis.close()
  }

  @Test func `an engine that takes over follows jobs on other hosts`() async throws {
    let invoker = invoker()
    let executor = ExecutorIdentity(name: "node-7-12", host: "node-7", pid: 12)
    let former = FormerJob(job: job, isTaken: true, executor: executor)
    #expect(lost(try await invoker.adopt([former])) == [], "its key may have expired meanwhile")
    #expect(lost(await invoker.holderIsDue(job.id)) == [])
    #expect(lost(await invoker.holderIsDue(job.id)) == [job.id])
    #expect(lost(await invoker.holderIsDue(job.id)) == [], "it is told once")
    await redis.close()
  }

  @Test func `an ended job is no longer followed`() async throws {
    let invoker = invoker()
    let executor = ExecutorIdentity(name: "node-7-12", host: "node-7", pid: 12)
    _ = try await invoker.adopt([FormerJob(job: job, isTaken: true, executor: executor)])
    _ = await invoker.ended([job.id])
    for _ in 0..<3 { #expect(lost(await invoker.holderIsDue(job.id)) == []) }
    await redis.close()
  }

  @Test func `an engine that takes over reports dead local executors as lost`() async throws {
    let invoker = invoker()
    let here = Environment.hostName
    let executor = ExecutorIdentity(name: "\(here)-12", host: here, pid: 12)
    let former = FormerJob(job: job, isTaken: true, executor: executor)
    #expect(lost(try await invoker.adopt([former])) == [job.id])
    await redis.close()
  }
}
