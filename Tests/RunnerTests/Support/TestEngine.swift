import Dispatch
import Engine
import JSONValue
import JobProtocol
import Logging
import Posix
import Redis
import Synchronization
import TestSupport
import Workflow

@testable import Runner
@testable import Runs

/// A real engine on a real Redis, with an invoker of the test.
struct TestEngine: Sendable {
  let engine: RunEngine
  let inbox: Inbox<EngineMessage>
  let journal: Journal
  private let plan: RunPlan
  private let redis: RedisClient
  private let url: RedisURL
  private let host: HostLoop

  /// A new run's engine, or one that continues where the journal ends.
  init(
    run: RunID, _ workflow: Workflow, on server: RedisServer, takesOver: Bool,
    leaseMilliseconds: Int = Journal.leaseMilliseconds, options: RunMachine.Options = .init(),
    observer: any RunObserver = NoObserver(), inbox: Inbox<EngineMessage>, invokers: InvokerTable
  ) async throws {
    self.inbox = inbox
    url = server.url
    redis = server.client()
    host = try HostLoop(signals: [])
    let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let directory = RunDirectory(path: Files.join(server.directory, "\(run)"))
    try Files.makeDirectory(directory.path, mode: 0o700)
    plan = RunPlan(
      run: run, workflow: workflow, workflowNumber: 1,
      info: RunInfo(
        run: run.text, name: "test", directory: directory.path, invoker: "test"),
      machineOptions: options, functions: FunctionCatalog(workflow, directory: nil),
      functionEnvironment: FunctionEnvironment(
        workflowName: "test", workflowDirectory: directory.path, redisURL: "",
        configuration: JSONObject()),
      signingKey: nil, inputsToSend: [], executorsAreForeign: false)
    journal = Journal(
      run: run, redis: redis, token: LeaseToken().text, leaseMilliseconds: leaseMilliseconds)
    try await journal.takeLease()
    await journal.keepLease()
    var parts = EngineParts(
      plan: plan, journal: journal, redis: redis, invokers: invokers,
      messages: JobMessageBuilder(
        workflow: workflow, run: run, workflowNumber: 1,
        directory: FollowedDirectory(directory.path), redisURL: ""),
      javaScript: JavaScriptHost(
        paths: .init(directory: "", scriptPath: "", logPath: ""), environment: [:], inbox: inbox,
        log: log),
      inbox: inbox, pace: ReadingPace(), host: host,
      watchers: WatcherRegister(run: run, redis: redis),
      completions: CompletionCollector(plan: plan, redis: redis, host: host, isNotified: true),
      directory: directory, observer: observer, log: log)
    parts.reportWaitMilliseconds = 5
    let machine = RunMachine(
      workflow: workflow, isJob: workflow.processes.map { _ in true }, options: options)
    guard takesOver else {
      engine = RunEngine(parts, machine, recorder: nil)
      return
    }
    let takeOver = try await RunTakeOver(machine, from: journal) { _ in }
    engine = RunEngine(parts, takeOver.machine, recorder: nil)
    try await engine.adopt(takeOver)
  }

  /// Runs to the end, or until a `.failed` in the inbox kills it; leaves as a killed one does,
  /// except that the lease need not run out.
  func run() async -> Result<RunStatus, RunnerError> {
    let readers = EngineReaders(
      plan: plan, url: url, inbox: inbox, pace: ReadingPace(), pendingKeyToWatch: nil,
      outages: OutageWatch(report: { _ in }, connected: {}))
    let reading = Task { await readers.run() }
    let host = host
    let inbox = inbox
    let loop = Task.detached {
      await withCheckedContinuation { ended in
        DispatchQueue.global().async {
          host.run { inbox.send(.host($0)) }
          ended.resume()
        }
      }
    }
    let result: Result<RunStatus, RunnerError>
    do throws(RunnerError) {
      result = .success(try await engine.run())
    } catch {
      result = .failure(error)
    }
    reading.cancel()
    host.stop()
    await loop.value
    await journal.dropLease()
    await redis.close()
    return result
  }
}
