import Engine
import Glibc
import JSONValue
import JobProtocol
import Logging
import Posix
import Redis
import Workflow

/// The asynchronous part of an engine process: makes the run's keys and parts, runs the engine, and
/// takes leave.
struct EngineSession: Sendable {
  let settings: RunSettings
  let workflow: Workflow
  let functions: FunctionCatalog
  let configuration: JSONObject
  let directory: RunDirectory
  let server: RunServer
  let host: HostLoop
  let observer: any RunObserver
  let log: Logger

  /// A run that exists: its lease is taken, its workers are started.
  struct Begun: Sendable {
    let engine: RunEngine
    let readers: EngineReaders
    let invoker: any JobInvoker
    let javaScript: JavaScriptHost
    let journal: Journal
    let inbox: Inbox<EngineMessage>
    let redis: RedisClient

    func run() async -> Result<RunStatus, RunnerError> {
      let reading = Task { await readers.run() }
      var result: Result<RunStatus, RunnerError>
      do throws(RunnerError) {
        result = .success(try await engine.run())
      } catch {
        result = .failure(error)
      }
      await javaScript.stop()
      await invoker.stop()
      await engine.waitForChildren()
      reading.cancel()
      await journal.dropLease()
      await redis.close()
      return result
    }
  }

  func begin() async throws(RunnerError) -> Begun {
    let redis = RedisClient(server.url)
    let journal = Journal(
      run: settings.run, redis: redis, token: "\(Environment.hostName)-\(getpid())")
    var recovery: Recovery?
    if let path = settings.recoverFrom {
      recovery = try Recovery(try PersistenceLog.read(path), workflow)
    }
    let plan: RunPlan
    do throws(RedisError) {
      try await redis.connect()
      plan = try await makePlan(redis, recovery)
    } catch {
      throw RunnerError(.infrastructure, "\(error)")
    }
    try await journal.takeLease()
    let inbox = Inbox<EngineMessage>()
    let invoker = makeInvoker(redis)
    let isNotified = await tellsOfChanges(redis)
    let watchers = WatcherRegister(run: settings.run, redis: redis)
    let completions = CompletionCollector(
      plan: plan, redis: redis, host: host, isNotified: isNotified || !hasForeignJobs)
    let javaScript = JavaScriptHost(
      place: directory.javaScript(runningIn: Files.parent(of: settings.workflowPath)),
      inbox: inbox, log: log)
    let parts = EngineParts(
      plan: plan, journal: journal, redis: redis, invoker: invoker, messages: messages(plan),
      javaScript: javaScript,
      recorder: try RecorderFiles(settings: settings, log: log).recorder(messages(plan)),
      inbox: inbox, host: host, watchers: watchers,
      completions: completions, observer: observer, log: log)
    do throws(RedisError) {
      if let watcher = settings.watcher { try await watchers.sign(watcher) }
      try await publish(plan, redis)
    } catch {
      throw RunnerError(.infrastructure, "\(error)")
    }
    try await invoker.start()
    let pendingKey = OriginalKeys.pendingCompletions(workflow: "\(plan.workflowNumber)")
    let readers = EngineReaders(
      plan: plan, url: server.url, inbox: inbox,
      pendingKeyToWatch: isNotified && hasForeignJobs ? pendingKey : nil)
    return Begun(
      engine: RunEngine(parts), readers: readers, invoker: invoker, javaScript: javaScript,
      journal: journal, inbox: inbox, redis: redis)
  }

  /// Whether completions may come as the original executor reports them.
  private var hasForeignJobs: Bool { settings.invoker == .oneshot || functions.needJavaScript }

  private var workDirectory: String {
    let given = Environment["HF_VAR_WORK_DIR"] ?? ""
    return given.isEmpty ? Files.parent(of: settings.workflowPath) : given
  }

  private func makePlan(
    _ redis: RedisClient, _ recovery: Recovery?
  ) async throws(RedisError) -> RunPlan {
    let number = try await redis.call(RedisCommand("INCRBY", OriginalKeys.nextWorkflowID, 1))
    var options = RunMachine.Options()
    options.failFast = settings.failFast
    options.initialSignals = recovery?.initialSignals
    return RunPlan(
      run: settings.run, workflow: workflow, workflowNumber: number.integer ?? 1,
      info: RunInfo(
        run: settings.run.text, name: workflow.name, directory: workDirectory,
        invoker: settings.invoker.rawValue),
      machineOptions: options, functions: functions,
      functionEnvironment: FunctionEnvironment(
        workflowName: workflow.name,
        workflowDirectory: Files.parent(of: settings.workflowPath),
        redisURL: server.executorURL.text, configuration: configuration),
      recovery: recovery, inputsToSend: settings.sendInputs ? workflow.ins : [])
  }

  private func messages(_ plan: RunPlan) -> JobMessageBuilder {
    var shown = server.executorURL
    shown.user = nil
    shown.password = nil
    return JobMessageBuilder(
      workflow: workflow, run: plan.run, workflowNumber: plan.workflowNumber,
      directory: workDirectory, redisURL: shown.text)
  }

  private func makeInvoker(_ redis: RedisClient) -> any JobInvoker {
    switch settings.invoker {
    case .pool:
      PoolInvoker(
        pool: settings.run.text, slots: settings.slots, directory: workDirectory,
        logFile: directory.workerLog, redis: redis, host: host, log: log)
    case .oneshot:
      OneShotInvoker(
        run: settings.run, slots: settings.slots, command: settings.executorCommand,
        directory: workDirectory, logDirectory: directory.executorLogs,
        executorURL: server.executorURL, redis: redis, host: host, log: log)
    }
  }

  /// Whether Redis says when a set grows. A shared server's settings are not ours to change.
  private func tellsOfChanges(_ redis: RedisClient) async -> Bool {
    guard
      let reply = try? await redis.call(RedisCommand("CONFIG", "GET", "notify-keyspace-events")),
      let flags = reply.array?.last?.string
    else { return false }
    return flags.contains("K") && (flags.contains("s") || flags.contains("A"))
  }

  /// What others need to find and show the run, and what the original engine writes about a
  /// workflow.
  private func publish(_ plan: RunPlan, _ redis: RedisClient) async throws(RedisError) {
    let text = (try? Files.read(settings.workflowPath)) ?? []
    let description = RunDescription(
      run: plan.run.text, name: workflow.name, workflowPath: settings.workflowPath,
      redis: server.isEmbedded ? server.url.text : "\(server.url)", isEmbedded: server.isEmbedded,
      enginePid: Int(getpid()),
      startedAt: Clock.wallMilliseconds)
    let variables = JSON.object(
      JSONObject(settings.variables.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
    try await redis.transaction([
      RedisCommand("SET", plan.keys.workflow, text),
      RedisCommand(
        "HSET", plan.keys.info, "description", description.json.text, "variables",
        variables.text, "number", plan.workflowNumber),
      RedisCommand("HSET", RunKeys.registry, plan.run.text, description.json.text),
      RedisCommand(
        "HSET", OriginalKeys.workflow("\(plan.workflowNumber)"), "uri",
        settings.workflowPath, "status", "running"),
    ])
    try? description.write(in: directory)
  }
}
