public import JSONValue
public import JobProtocol

/// What a person asked for, as `run` hands it to the engine process: over a pipe, because it may
/// hold a password.
public struct RunSettings: Sendable, Equatable {
  public typealias Invoker = InvokerKind

  public var run: RunID
  /// The workflow file, absolute.
  public var workflowPath: String
  /// The workflow itself where it came from a pipe: nothing lies at the path then but in its
  /// directory. Kept with the run as each workflow is, so not in the settings that are kept.
  public var workflowText: String?
  public var isPiped = false
  public var variables: [String: String] = [:]
  /// `nil` starts a Redis for the run alone.
  public var redisURL: String?
  public var invoker = Invoker.pool
  /// A person named the invoker: jobs meant for other infrastructures run there, too.
  public var invokerIsChosen = false
  public var executorCommand: [String]?
  public var slots = 1
  public var failFast = false
  /// Send a signal to each of the workflow's inputs, besides their initial data.
  public var sendInputs = false
  /// Write the original engine's persistence log.
  public var persist = false
  /// The persistence log of a run to recover, absolute.
  public var recoverFrom: String?
  /// Where provenance is logged, absolute.
  public var provenanceOutput: String?
  /// A person's shell command for when the run ends.
  public var onFinish: String?
  /// How often failed attempts are made again where a process says nothing; `nil`: only lost ones.
  public var retries: Int?
  /// Seconds before the first of them.
  public var retryDelay = 0.0
  /// How much of the jobs' output Redis may keep, in MiB.
  public var logMemory = defaultLogMemory
  /// A file with the key that signs job messages and requests, absolute.
  public var signingKeyFile: String?
  /// Go on with a run that exists: everything else is read from its Redis.
  public var resumes = false
  /// Go on also where a person had stopped it.
  public var takesUpStopped = false
  /// The run's directory; `nil` for a new one.
  public var directory: String?
  /// Where the persistence log goes, absolute; chosen when the run begins.
  var persistenceLog: String?
  /// A watcher who will attach in a moment: a run that is over at once waits for them.
  public var watcher: String?

  public static let defaultLogMemory = 256
  public static let logMemoryRange = 1...1_000_000

  public init(run: RunID, workflowPath: String) {
    self.run = run
    self.workflowPath = workflowPath
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
    members["failFast"] = .bool(failFast)
    members["sendInputs"] = .bool(sendInputs)
    members["persist"] = .bool(persist)
    members["recoverFrom"] = recoverFrom.map(JSON.string)
    members["provenanceOutput"] = provenanceOutput.map(JSON.string)
    members["onFinish"] = onFinish.map(JSON.string)
    members["watcher"] = watcher.map(JSON.string)
    members["retries"] = retries.map(JSON.int)
    members["retryDelay"] = JSON(number: retryDelay)
    members["logMemory"] = .int(logMemory)
    members["signingKeyFile"] = signingKeyFile.map(JSON.string)
    members["resumes"] = .bool(resumes)
    members["takesUpStopped"] = .bool(takesUpStopped)
    members["directory"] = directory.map(JSON.string)
    members["persistenceLog"] = persistenceLog.map(JSON.string)
    return .object(members)
  }

  /// What another engine needs to go on with the run; lies in its Redis, whose address and password
  /// it need not hold.
  func keptText(in directory: RunDirectory) -> String {
    var settings = self
    settings.redisURL = nil
    settings.workflowText = nil
    settings.watcher = nil
    settings.resumes = false
    settings.directory = directory.path
    return settings.json.text
  }

  /// A run that exists, with what this request says about it besides.
  func completed(by kept: JSON) -> RunSettings? {
    guard var settings = RunSettings(kept), settings.run == run else { return nil }
    settings.move(to: workflowPath)
    settings.resumes = true
    settings.takesUpStopped = takesUpStopped
    settings.redisURL = redisURL
    settings.watcher = watcher
    settings.onFinish = settings.onFinish ?? onFinish
    settings.directory = directory ?? settings.directory
    settings.signingKeyFile = signingKeyFile ?? settings.signingKeyFile
    return settings
  }

  /// The workflow's directory was moved since, with the files of the run that lie in it.
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
    failFast = json["failFast"]?.bool ?? false
    sendInputs = json["sendInputs"]?.bool ?? false
    persist = json["persist"]?.bool ?? false
    recoverFrom = json["recoverFrom"]?.string
    provenanceOutput = json["provenanceOutput"]?.string
    onFinish = json["onFinish"]?.string
    watcher = json["watcher"]?.string
    retries = json["retries"]?.int.flatMap { $0 >= 0 ? $0 : nil }
    retryDelay = max(0, json["retryDelay"]?.double ?? 0)
    let memory = json["logMemory"]?.int
    logMemory = memory.flatMap { Self.logMemoryRange.contains($0) ? $0 : nil } ?? logMemory
    signingKeyFile = json["signingKeyFile"]?.string
    resumes = json["resumes"]?.bool ?? false
    takesUpStopped = json["takesUpStopped"]?.bool ?? false
    directory = json["directory"]?.string
    persistenceLog = json["persistenceLog"]?.string
  }
}
