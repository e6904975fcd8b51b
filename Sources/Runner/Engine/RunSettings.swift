public import Engine
public import JSONValue
public import JobProtocol
import Runs
public import Sites

/// The options of a run, as `run` passes them to the engine process: over a pipe, because they may
/// have a password.
public struct RunSettings: Sendable, Equatable {
  public typealias Invoker = InvokerKind

  public var run: RunID
  /// The workflow file, absolute.
  public var workflowPath: String
  /// The workflow itself if it came from a pipe; then there is no file at `workflowPath`. It is not
  /// in the stored settings, because every run stores its workflow.
  public var workflowText: String?
  public var isPiped = false
  public var variables: [String: String] = [:]
  /// `nil` starts a Redis for the run alone.
  public var redisURL: String?
  public var invoker = Invoker.pool
  /// The user named the invoker, so jobs for other infrastructures run there, too.
  public var invokerIsChosen = false
  public var executorCommand: [String]?
  public var slots = 1
  /// The memory that the local worker may give to jobs, in bytes; `nil`: what the host has.
  public var memory: Int?
  /// The tool for containers; `nil`: what the host has.
  public var containerTool: ContainerTool?
  /// Where the jobs run; empty: on a worker on this host.
  public var sites: [SiteSettings] = []
  /// Which tasks run on which site; the last that matches counts.
  public var routes: [Route] = []
  /// The address of this host at which workers on other hosts reach the run's own Redis.
  public var redisListen: String?
  /// Executors write a trace of each job, for HyperFlow's own tools.
  public var traces = false
  /// A missing declared file fails its task.
  public var checkFiles = false
  /// The tasks that need not run because nothing has changed since a former run; their files'
  /// stamps.
  public var unchanged: [FiringID: String] = [:]
  /// Why the other tasks run, for the journal.
  public var changes: [String] = []
  public var failFast = false
  /// Send a signal to each of the workflow's inputs, besides their initial data.
  public var sendInputs = false
  /// Write the original engine's persistence log.
  public var persist = false
  /// The persistence log of a run to recover, absolute.
  public var recoverFrom: String?
  /// Where provenance is logged, absolute.
  public var provenanceOutput: String?
  /// Where the run's figures are served for Prometheus: `ADDRESS:PORT`.
  public var metrics: String?
  /// The user's shell command to run at the end.
  public var onFinish: String?
  /// How often failed tasks are retried if their process does not say; `nil` retries only lost
  /// ones.
  public var retries: Int?
  /// Seconds before the first retry.
  public var retryDelay = 0.0
  /// How much of the jobs' output Redis may keep, in MiB.
  public var logMemory = defaultLogMemory
  /// A file with the key that signs job messages and requests, absolute.
  public var signingKeyFile: String?
  /// Resume an existing run: everything else is read from its Redis.
  public var resumes = false
  /// Resume the run even if a user had stopped it.
  public var resumesStopped = false
  /// The run's directory; `nil` for a new run.
  public var directory: String?
  /// The absolute path of the persistence log; chosen when the run starts.
  var persistenceLog: String?
  /// The id of a watcher that is about to attach: a run that settles at once waits for it.
  public var watcher: String?

  public var hasKubernetes: Bool { sites.contains { $0.infrastructure == .kubernetes } }

  public static let defaultLogMemory = 256
  public static let logMemoryRange = 1...1_000_000

  public init(run: RunID, workflowPath: String) {
    self.run = run
    self.workflowPath = workflowPath
  }

  /// The options of the run's local worker.
  var workerOptions: [String] {
    ["--slots", "\(slots)"] + (memory.map { ["--memory", "\($0)"] } ?? [])
      + (containerTool.map { ["--container-tool", $0.rawValue] } ?? [])
  }

  public var json: JSON {
    var members = JSONObject()
    members["run"] = .string(run.text)
    members["workflow"] = .string(workflowPath)
    members["workflowText"] = workflowText.map(JSON.string)
    members["piped"] = .bool(isPiped)
    members["variables"] = .object(
      JSONObject(variables.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
    members["redis"] = redisURL.map(JSON.string)
    members["invoker"] = .string(invoker.rawValue)
    members["invokerIsChosen"] = .bool(invokerIsChosen)
    members["executorCommand"] = executorCommand.map { .array($0.map(JSON.string)) }
    members["slots"] = .int(slots)
    members["memory"] = memory.map(JSON.int)
    members["containerTool"] = containerTool.map { .string($0.rawValue) }
    // The sites of pools follow from the workflow.
    let named = sites.filter { $0.pool == nil }
    members["sites"] = named.isEmpty ? nil : .array(named.map(\.json))
    members["routes"] = routes.isEmpty ? nil : .array(routes.map { .string($0.text) })
    members["redisListen"] = redisListen.map(JSON.string)
    members["traces"] = traces ? true : nil
    members["checkFiles"] = checkFiles ? true : nil
    if !unchanged.isEmpty {
      members["unchanged"] = .object(
        JSONObject(
          unchanged.sorted { $0.key < $1.key }.map { ("\($0.key)", .string($0.value)) }))
    }
    members["changes"] = changes.isEmpty ? nil : .array(changes.map(JSON.string))
    members["failFast"] = .bool(failFast)
    members["sendInputs"] = .bool(sendInputs)
    members["persist"] = .bool(persist)
    members["recoverFrom"] = recoverFrom.map(JSON.string)
    members["provenanceOutput"] = provenanceOutput.map(JSON.string)
    members["metrics"] = metrics.map(JSON.string)
    members["onFinish"] = onFinish.map(JSON.string)
    members["watcher"] = watcher.map(JSON.string)
    members["retries"] = retries.map(JSON.int)
    members["retryDelay"] = JSON(number: retryDelay)
    members["logMemory"] = .int(logMemory)
    members["signingKeyFile"] = signingKeyFile.map(JSON.string)
    members["resumes"] = .bool(resumes)
    members["takesUpStopped"] = .bool(resumesStopped)
    members["directory"] = directory.map(JSON.string)
    members["persistenceLog"] = persistenceLog.map(JSON.string)
    return .object(members)
  }

  /// The settings that another engine needs to resume the run. They are stored in its Redis, so
  /// they need not have its address and password.
  func keptText(in directory: RunDirectory) -> String {
    var settings = self
    settings.redisURL = nil
    settings.workflowText = nil
    settings.watcher = nil
    settings.resumes = false
    settings.directory = directory.path
    return settings.json.text
  }

  /// The stored settings of an existing run, with the changes of this request.
  func completed(by kept: JSON) -> RunSettings? {
    guard var settings = RunSettings(kept), settings.run == run else { return nil }
    settings.move(to: workflowPath)
    settings.resumes = true
    settings.resumesStopped = resumesStopped
    settings.redisURL = redisURL
    settings.watcher = watcher
    settings.onFinish = settings.onFinish ?? onFinish
    settings.directory = directory ?? settings.directory
    settings.signingKeyFile = signingKeyFile ?? settings.signingKeyFile
    return settings
  }

  /// Changes the paths after the workflow's directory was moved.
  private mutating func move(to path: String) {
    guard let move = DirectoryMove(ofWorkflow: workflowPath, to: path) else { return }
    workflowPath = path
    persistenceLog = persistenceLog.map(move.place)
    recoverFrom = recoverFrom.map(move.place)
    provenanceOutput = provenanceOutput.map(move.place)
    signingKeyFile = signingKeyFile.map(move.place)
  }

  public init?(_ json: JSON) {
    guard let run = json["run"]?.string.flatMap(RunID.init),
      let workflowPath = json["workflow"]?.string
    else { return nil }
    self.init(run: run, workflowPath: workflowPath)
    for (key, value) in json["variables"]?.object?.members ?? [] { variables[key] = value.string }
    workflowText = json["workflowText"]?.string
    isPiped = json["piped"]?.bool ?? false
    redisURL = json["redis"]?.string
    invoker = json["invoker"]?.string.flatMap(Invoker.init(rawValue:)) ?? .pool
    invokerIsChosen = json["invokerIsChosen"]?.bool ?? false
    executorCommand = json["executorCommand"]?.array?.compactMap(\.string)
    slots = json["slots"]?.int ?? 1
    self.memory = json["memory"]?.int
    containerTool = json["containerTool"]?.string.flatMap(ContainerTool.init(name:))
    sites = json["sites"]?.array?.compactMap { SiteSettings($0) } ?? []
    routes = json["routes"]?.array?.compactMap(\.string).compactMap { try? Route($0) } ?? []
    redisListen = json["redisListen"]?.string
    traces = json["traces"]?.bool ?? false
    checkFiles = json["checkFiles"]?.bool ?? false
    for (key, value) in json["unchanged"]?.object?.members ?? [] {
      if let firing = FiringID(key) { unchanged[firing] = value.string }
    }
    changes = json["changes"]?.array?.compactMap(\.string) ?? []
    failFast = json["failFast"]?.bool ?? false
    sendInputs = json["sendInputs"]?.bool ?? false
    persist = json["persist"]?.bool ?? false
    recoverFrom = json["recoverFrom"]?.string
    provenanceOutput = json["provenanceOutput"]?.string
    metrics = json["metrics"]?.string
    onFinish = json["onFinish"]?.string
    watcher = json["watcher"]?.string
    retries = json["retries"]?.int.flatMap { $0 >= 0 ? $0 : nil }
    retryDelay = max(0, json["retryDelay"]?.double ?? 0)
    let memory = json["logMemory"]?.int
    logMemory = memory.flatMap { Self.logMemoryRange.contains($0) ? $0 : nil } ?? logMemory
    signingKeyFile = json["signingKeyFile"]?.string
    resumes = json["resumes"]?.bool ?? false
    resumesStopped = json["takesUpStopped"]?.bool ?? false
    directory = json["directory"]?.string
    persistenceLog = json["persistenceLog"]?.string
  }
}
