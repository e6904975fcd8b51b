import Engine
import JSONValue
import JobProtocol
import Redis
import TestSupport
import Testing
import Workflow

@testable import Runner

/// What foreign executors leave in Redis, and how our engine finds it.
@Suite struct CompletionTests {
  @Test(
    arguments: [
      ([], .failed(.error("the executor reported no exit code"))),
      (["0"], .succeeded), (["3"], .failed(.exit(3))), (["0", "3"], .failed(.exit(3))),
      (["255", "0"], .failed(.exit(255))), (["-1"], .failed(.exit(-1))),
      (["null"], .failed(.error(ExecutorLogEnd.signalText))),
      (["0", "null"], .failed(.error(ExecutorLogEnd.signalText))),
      ([""], .failed(.error("the executor reported \"\" as exit code"))),
    ] as [([String], JobOutcome)])
  func `a set of exit codes is one outcome`(codes: [String], outcome: JobOutcome) {
    #expect(CompletionCollector.outcome(of: codes) == outcome)
  }

  @Test func `a long exit code is cut`() {
    let outcome = CompletionCollector.outcome(of: [String(repeating: "x", count: 1000)])
    guard case .failed(let cause) = outcome else { return #expect(outcome != .succeeded) }
    #expect((cause.detail?.count ?? 0) < 80)
  }

  @Test func `completions of this run are found and cleaned up`() async throws {
    let server = try RedisServer()
    let redis = server.client()
    let plan = try plan(of: RedisServer.newRun())
    let pending = "wf:7:tasksPendingCompletionHandling"
    let task = "\(plan.run):7:1:1"
    let second = "\(plan.run):7:2:1:3"
    _ = try await redis.run([
      RedisCommand("SADD", task, "0"), RedisCommand("SADD", second, "0", "4"),
      RedisCommand("SADD", pending, task, second, "stranger:7:1:1", "no task at all"),
    ])
    let host = try HostLoop(signals: [])
    let collector = CompletionCollector(plan: plan, redis: redis, host: host, isNotified: true)
    let found = try await collector.collect()
    let codes = Dictionary(uniqueKeysWithValues: found.results.map { ($0.task, Set($0.codes)) })
    #expect(codes == [task: ["0"], second: ["0", "4"]])
    #expect(try await redis.call(RedisCommand("SCARD", pending)).integer == 4, "not taken yet")
    _ = try await redis.transaction(found.cleanUp)
    let left = try await redis.call(RedisCommand("EXISTS", task, second, pending))
    #expect(left.integer == 0)
  }

  @Test func `without pending completions nothing is found`() async throws {
    let server = try RedisServer()
    let plan = try plan(of: RedisServer.newRun())
    let collector = CompletionCollector(
      plan: plan, redis: server.client(), host: try HostLoop(signals: []), isNotified: true)
    let found = try await collector.collect()
    #expect(found.results.isEmpty && found.cleanUp.isEmpty)
  }

  @Test func `without keyspace notifications the set is polled`() async throws {
    let server = try RedisServer()
    let plan = try plan(of: RedisServer.newRun())
    let host = try HostLoop(signals: [])
    let collector = CompletionCollector(
      plan: plan, redis: server.client(), host: host, isNotified: false)
    collector.jobsSubmitted()
    #expect(await firstEvent(of: host) == .deadline(.completions))
  }

  private func plan(of run: RunID) throws -> RunPlan {
    let workflow = try Workflow.sample("")
    return RunPlan(
      run: run, workflow: workflow, workflowNumber: 7,
      info: RunInfo(run: "\(run)", name: "n", directory: "/", invoker: "oneshot"),
      machineOptions: .init(), functions: FunctionCatalog(workflow, directory: nil),
      functionEnvironment: FunctionEnvironment(
        workflowName: "n", workflowDirectory: "/", redisURL: "", configuration: JSONObject()),
      signingKey: nil, inputsToSend: [], executorsAreForeign: false)
  }
}
