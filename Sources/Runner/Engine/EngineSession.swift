import Engine
import Glibc
import JSONValue
import JobProtocol
import Logging
import Posix
import Redis
import Runs
import Signing
import Sites
import Workflow

/// The asynchronous part of an engine process: writes the run's keys, makes the engine and its
/// parts, runs the engine, and stops everything.
struct EngineSession: Sendable {
  let settings: RunSettings
  let loaded: LoadedWorkflow
  let directory: RunDirectory
  let server: RunServer
  let host: HostLoop
  let observer: any RunObserver
  let log: Logger
  let inbox = Inbox<EngineMessage>()
  let redis: RedisClient
  private let outages: OutageWatch
  /// The directory in which jobs run.
  let workDirectory: FollowedDirectory

  init(_ place: PreparedRun, host: HostLoop, observer: any RunObserver, log: Logger) {
    var settings = place.settings
    if settings.persist, settings.persistenceLog == nil {
      settings.persistenceLog = RecorderFiles.newPersistenceLog(
        for: place.loaded.workflow, settings)
    }
    settings.sites = place.loaded.settings.sites
    settings.invoker = place.loaded.settings.invoker
    self.settings = settings
    loaded = place.loaded
    directory = place.directory
    server = place.server
    redis = RedisClient(place.server.url)
    let given = Environment["HF_VAR_WORK_DIR"] ?? ""
    workDirectory = FollowedDirectory(
      given.isEmpty ? Files.parent(of: settings.workflowPath) : given)
    self.host = host
    self.observer = observer
    self.log = log
    let grant = place.server.grantOnGiven(run: settings.run)
    let redis = redis
    outages = OutageWatch(
      report: { news in if !observer.redisChanged(news) { log.warning("\(news)") } },
      connected: {
        // A restarted Redis has forgotten its users.
        if let grant { Task { try? await redis.call(grant, retry: .always) } }
      })
  }

  var workflow: Workflow { loaded.workflow }
  private var functions: FunctionCatalog { loaded.functions }

  /// A run whose lease is held and whose invokers are started.
  struct StartedSession: Sendable {
    let run: RunID
    let engine: RunEngine
    let readers: EngineReaders
    let invokers: InvokerTable
    let javaScript: JavaScriptHost
    let journal: Journal
    let inbox: Inbox<EngineMessage>
    let redis: RedisClient
    /// How long invokers may take to stop what they started.
    let leaveMilliseconds: Int

    func untilEnd() async -> Result<RunStatus, RunnerError> {
      let reading = Task { await readers.run() }
      let states = redis.states
      let watching = Task { await readers.outages.follow(states, as: 0) }
      defer { watching.cancel() }
      var result: Result<RunStatus, RunnerError>
      do throws(RunnerError) {
        result = .success(try await engine.run())
      } catch {
        // Whatever ended the engine, its jobs continue.
        result = .failure(error.afterStart(of: run))
      }
      await javaScript.stop()
      await engine.statusWriter.flush(milliseconds: Self.closeMilliseconds)
      if case .failure(let error) = result, error.leavesRun {
        reading.cancel()
        await redis.close()
        return result
      }
      await invokers.stop(milliseconds: leaveMilliseconds)
      reading.cancel()
      // The run has ended, so do not wait long for a Redis that is away.
      let closing = Task {
        await Ticker.pause(milliseconds: Self.closeMilliseconds)
        await redis.close()
      }
      await journal.dropLease()
      closing.cancel()
      await redis.close()
      return result
    }

    private static let closeMilliseconds = 5000
  }

  private func signingKey() throws(RunnerError) -> SigningKey? {
    do throws(SigningKeyError) {
      return try SigningKey.load(
        file: settings.signingKeyFile, variable: Environment[SigningKey.variable],
        read: PrivateFile.read)
    } catch {
      throw RunnerError(.infrastructure, "\(error)")
    }
  }

  func start() async throws(RunnerError) -> StartedSession {
    let journal = Journal(run: settings.run, redis: redis, token: LeaseToken().text)
    var recovery: Recovery?
    if let path = settings.recoverFrom {
      recovery = try Recovery(try PersistenceLog.read(path), workflow)
    }
    let key = try signingKey()
    let check = try await checkedServer()
    var plan: RunPlan
    do throws(RedisError) {
      plan = try await makePlan(redis, recovery, key)
      plan.longestValue = check.longestValue
      plan.serverWarnings = check.warnings
    } catch {
      throw RunnerError(.infrastructure, "\(error)")
    }
    if settings.resumes { try await checkKey(key) }
    try await journal.takeLease()
    await journal.keepLease()
    if settings.resumes { await adoptClock() }
    let parts = try await parts(plan, journal)
    let recorder = try RecorderFiles(settings: settings, log: log).recorder(parts.messages)
    do throws(RedisError) {
      if let watcher = settings.watcher {
        try await redis.call(parts.watchers.heartbeatCommand(of: watcher), retry: .always)
      }
      try await publish(plan, redis)
    } catch {
      throw RunnerError(.infrastructure, "\(error)")
    }
    let engine = try await engine(parts, journal, recorder)
    let pendingKey = OriginalKeys.pendingCompletions(workflow: "\(plan.workflowNumber)")
    let readers = EngineReaders(
      plan: plan, url: server.url, inbox: parts.inbox, pace: parts.pace,
      pendingKeyToWatch: await hasKeyspaceNotifications(redis) && hasForeignJobs ? pendingKey : nil,
      outages: outages)
    // The run has started: from here on, a Redis error is an outage to wait out.
    redis.waitOutServerErrors()
    return StartedSession(
      run: settings.run, engine: engine, readers: readers, invokers: parts.invokers,
      javaScript: parts.javaScript,
      journal: journal, inbox: parts.inbox, redis: redis,
      // Clusters are farther away than processes and schedulers.
      leaveMilliseconds: settings.hasKubernetes ? 30_000 : 8000)
  }

  /// Connects, and checks the server. Throws what makes it unsuitable for a run, one line for each
  /// reason.
  private func checkedServer() async throws(RunnerError) -> ServerCheck {
    let check: ServerCheck
    do throws(RedisError) {
      try await connect()
      check = try await ServerCheck.run(
        server.url, for: settings.run, isOwn: server.hasPrivateRedis,
        oneShot: settings.invoker != .pool || settings.hasKubernetes)
    } catch {
      throw RunnerError(.infrastructure, "\(error)")
    }
    var errors = check.errors
    if loaded.text.count > check.longestValue {
      errors.append(
        "the workflow has \(loaded.text.count) bytes, and Redis at \(server.url) takes at most "
          + "\(check.longestValue) in one value (proto-max-bulk-len)")
    }
    if !errors.isEmpty { throw RunnerError(.infrastructure, errors) }
    return check
  }

  /// A resumed run needs the key that it was started with: with another key its jobs would fail,
  /// and with none they would be unprotected.
  private func checkKey(_ key: SigningKey?) async throws(RunnerError) {
    let kept: String?
    do throws(RedisError) {
      let reply = try await redis.call(
        RedisCommand("HGET", RunKeys(settings.run).info, "key"), retry: .always)
      kept = reply.string
    } catch {
      throw RunnerError(.infrastructure, "\(error)")
    }
    guard let kept, kept != key?.fingerprint(of: settings.run) else { return }
    throw RunnerError(
      .infrastructure,
      key == nil
        ? "run \(settings.run.short) is signed: give its key with --signing-key-file or "
          + SigningKey.variable
        : "run \(settings.run.short) was signed with another key: use that key")
  }

  /// Uses the clock anchor of the former engine. So on one boot of a machine, setting the clock
  /// between two engines does not show in the times of the run.
  private func adoptClock() async {
    let reply = try? await redis.call(
      RedisCommand("HGET", RunKeys(settings.run).info, "clock"), retry: .always)
    if let text = reply?.string { ClockAnchor.adopt(text) }
  }

  /// The run's own Redis may die before this connects; it is restarted then, so this retries for 10
  /// s.
  private func connect() async throws(RedisError) {
    var ticks = Ticker.ticks(every: 250).makeAsyncIterator()
    var attempts = server.hasPrivateRedis ? 40 : 1
    while true {
      do throws(RedisError) {
        return try await redis.connect()
      } catch {
        attempts -= 1
        guard error.isConnectionLoss, attempts > 0 else { throw error }
      }
      _ = await ticks.next()
    }
  }

  private func parts(
    _ plan: RunPlan, _ journal: Journal
  ) async throws(RunnerError) -> EngineParts {
    let isNotified = await hasKeyspaceNotifications(redis)
    return EngineParts(
      plan: plan, journal: journal, redis: redis, invokers: try invokers(journal, plan),
      messages: messages(plan),
      javaScript: JavaScriptHost(
        paths: directory.javaScript(runningIn: Files.parent(of: settings.workflowPath)),
        environment: FunctionEnvironment.variables(hiding: server.url, giving: server.functionURL),
        inbox: inbox, log: log),
      inbox: inbox, pace: ReadingPace(), host: host,
      watchers: WatcherRegister(run: settings.run, redis: redis),
      completions: CompletionCollector(
        plan: plan, redis: redis, host: host, isNotified: isNotified || !hasForeignJobs),
      directory: directory, observer: observer, log: log)
  }

  /// The engine of a new run, or one that continues where the journal ends.
  private func engine(
    _ parts: EngineParts, _ journal: Journal, _ recorder: RunRecorder?
  ) async throws(RunnerError) -> RunEngine {
    let machine = RunMachine(
      workflow: workflow, isJob: workflow.processes.map { functions.takesTime($0) },
      options: parts.plan.machineOptions)
    guard settings.resumes else {
      let engine = RunEngine(parts, machine, recorder: recorder)
      do throws(InvokerError) {
        try await parts.invokers.start()
      } catch {
        await unpublish(parts.plan)
        throw RunnerError(
          .infrastructure, error.description.split(separator: "\n").map(String.init))
      }
      return engine
    }
    var recorder = recorder
    let takeOver = try await RunTakeOver(machine, from: journal) { recorder?.record($0) }
    if recorder?.rewrite() == false { recorder = nil }
    let engine = RunEngine(parts, takeOver.machine, recorder: recorder)
    try await engine.adopt(takeOver)
    return engine
  }

  /// Whether jobs may complete in the way of original executors.
  private var hasForeignJobs: Bool {
    settings.invoker == .oneshot || settings.hasKubernetes || functions.needJavaScript
  }

  private func makePlan(
    _ redis: RedisClient, _ recovery: Recovery?, _ key: SigningKey?
  ) async throws(RedisError) -> RunPlan {
    var number = loaded.workflowNumber
    if number == nil {
      number = try await redis.call(
        RedisCommand("INCRBY", OriginalKeys.nextWorkflowID, 1), retry: .always
      ).integer
    }
    var options = RunMachine.Options()
    options.failFast = settings.failFast
    options.retries = settings.retries
    options.retryDelay = settings.retryDelay
    options.initialSignals = recovery?.initialSignals
    var info = RunInfo(
      run: settings.run.text, name: workflow.name, directory: workDirectory.path,
      invoker: settings.invoker.rawValue,
      isDryRun: Environment["HF_VAR_DRY_RUN"]?.isEmpty == false)
    let home = Files.parent(of: settings.workflowPath)
    if Environment["HF_VAR_WORK_DIR"]?.isEmpty == false, home != info.directory {
      info.workflowDirectory = home
    }
    if let logs = Environment["HF_VAR_LOG_DIR"], !logs.isEmpty {
      info.logDirectory = Files.join(info.directory, logs)
    }
    var plan = RunPlan(
      run: settings.run, workflow: workflow, workflowNumber: number ?? 1, info: info,
      machineOptions: options, functions: functions,
      functionEnvironment: FunctionEnvironment(
        workflowName: workflow.name,
        workflowDirectory: Files.parent(of: settings.workflowPath),
        redisURL: server.functionURL.plainText, redisNotice: server.functionNotice,
        configuration: loaded.configuration),
      signingKey: key, recovery: recovery, inputsToSend: settings.sendInputs ? workflow.ins : [],
      logMemory: settings.logMemory << 20, resumesStopped: settings.resumesStopped,
      executorsAreForeign: settings.executorCommand != nil)
    plan.notices = StartNotices(directory: directory, workDirectory: workDirectory.path).texts
    plan.notices += [settings.poolNotice].compactMap(\.self)
    plan.notices +=
      OriginalSettings(
        workflow: workflow, configuration: loaded.configuration,
        hasPods: settings.hasKubernetes,
        variable: { Environment[$0] }
      ).notices
    plan.unchanged = settings.unchanged
    plan.notices += settings.changes
    return plan
  }

  private func messages(_ plan: RunPlan) -> JobMessageBuilder {
    var shown = server.executorURL.withoutLogin
    shown.identity = nil
    return JobMessageBuilder(
      workflow: workflow, run: plan.run, workflowNumber: plan.workflowNumber,
      directory: workDirectory, redisURL: shown.plainText,
      signingKey: plan.signingKey, traces: settings.traces, checksFiles: settings.checkFiles,
      podProcesses: podProcesses)
  }

  private func invokers(
    _ journal: Journal, _ plan: RunPlan
  ) throws(RunnerError) -> InvokerTable {
    let inbox = inbox
    let deliver: @Sendable (InvokerNews) -> Void = { inbox.send(.news($0)) }
    var all: [any JobInvoker] = []
    if settings.invoker != .kubernetes { all.append(invoker(journal, plan, deliver)) }
    all += slurmInvokers(lease(of: journal), plan.signingKey, deliver)
    all += try kubernetesInvokers(plan, lease(of: journal), deliver)
    return InvokerTable(all.map { InvokerPort($0, deliver: deliver) }, routes: invokerRoutes)
  }

  private func invoker(
    _ journal: Journal, _ plan: RunPlan, _ deliver: @escaping @Sendable (InvokerNews) -> Void
  ) -> any JobInvoker {
    let key = plan.signingKey
    return switch settings.invoker {
    case .pool, .kubernetes:
      PoolInvoker(
        run: settings.run, workerOptions: settings.workerOptions, signingKey: key,
        directory: workDirectory,
        runDirectory: directory,
        keyFile: settings.signingKeyFile, lease: lease(of: journal), host: host, log: log,
        places: places(plan), deliver: deliver)
    case .oneshot:
      OneShotInvoker(
        run: settings.run, slots: settings.slots, signingKey: key,
        keyFile: settings.signingKeyFile, command: settings.executorCommand,
        containerTool: settings.containerTool,
        directory: workDirectory, runDirectory: directory,
        executorURL: settings.executorCommand == nil ? server.url : server.executorURL,
        lease: lease(of: journal), host: host, log: log, deliver: deliver)
    }
  }

  private func lease(of journal: Journal) -> LeasedRedis {
    LeasedRedis(run: settings.run, token: journal.token, redis: redis)
  }

  /// Whether Redis sends keyspace notifications for sets. The setting is only read: a shared
  /// server's settings are not ours to change.
  private func hasKeyspaceNotifications(_ redis: RedisClient) async -> Bool {
    guard
      let reply = try? await redis.call(
        RedisCommand("CONFIG", "GET", "notify-keyspace-events")),
      let flags = reply.array?.last?.string
    else { return false }
    return flags.contains("K") && (flags.contains("s") || flags.contains("A"))
  }

  /// Writes what others need to find, show and take over the run, and what the original engine
  /// writes about a workflow.
  private func publish(_ plan: RunPlan, _ redis: RedisClient) async throws(RedisError) {
    let former = RunDescription.read(in: directory)
    var description = RunDescription(
      run: plan.run.text, name: workflow.name, workflowPath: settings.workflowPath,
      redis: server.url.storedText, hasPrivateRedis: server.hasPrivateRedis,
      enginePid: Int(getpid()),
      startedAt: settings.resumes ? former?.startedAt ?? 0 : Clock.steadyMilliseconds)
    if server.hasPrivateRedis { description.setServer(server.place) }
    description.nameEngine()
    description.loopback = server.loopback
    var commands = [RedisCommand("HSET", RunKeys.registry, plan.run.text, description.json.text)]
    commands.append(
      RedisCommand(
        "HSET", plan.keys.info, "description", description.json.text, "clock", ClockAnchor.text))
    if !settings.resumes { commands += newRunCommands(plan) }
    try await redis.transaction(commands, retry: .always)
    loaded.text.release()
    try? description.write(in: directory)
    RunIndex().enter(description, directory)
    RunCreation.removeNote(in: directory)
  }

  /// Removes the keys and the description of a run that cannot start.
  private func unpublish(_ plan: RunPlan) async {
    _ = try? await redis.run([
      RedisCommand("HDEL", RunKeys.registry, plan.run.text),
      RedisCommand(
        "DEL", plan.keys.info, plan.keys.workflow,
        OriginalKeys.workflow("\(plan.workflowNumber)")),
    ])
    RunCreation.hasFailed(in: directory)
  }

  private func newRunCommands(_ plan: RunPlan) -> [RedisCommand] {
    let variables = JSON.object(
      JSONObject(settings.variables.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
    return [
      RedisCommand("SET", plan.keys.workflow, loaded.text.bytes),
      RedisCommand(
        "HSET", plan.keys.info, "variables", variables.text, "number", plan.workflowNumber,
        "settings", settings.keptText(in: directory)),
    ]
      + (plan.signingKey.map { key in
        [RedisCommand("HSET", plan.keys.info, "key", key.fingerprint(of: plan.run))]
      } ?? []) + [
        RedisCommand(
          "HSET", OriginalKeys.workflow("\(plan.workflowNumber)"), "uri",
          settings.workflowPath, "status", "running")
      ]
  }
}
