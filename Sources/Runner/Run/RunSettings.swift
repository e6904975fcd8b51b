public import JSONValue
public import JobProtocol

/// What a person asked for, as `run` hands it to the engine process: over a pipe, because it may
/// hold a password.
public struct RunSettings: Sendable, Equatable {
  public enum Invoker: String, Sendable, CaseIterable {
    case pool
    case oneshot
  }

  public var run: RunID
  /// The workflow file, absolute.
  public var workflowPath: String
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
  /// A watcher who will attach in a moment: a run that is over at once waits for them.
  public var watcher: String?

  public init(run: RunID, workflowPath: String) {
    self.run = run
    self.workflowPath = workflowPath
  }

  public var json: JSON {
    var members = JSONObject()
    members["run"] = .string(run.text)
    members["workflow"] = .string(workflowPath)
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
    return .object(members)
  }

  public init?(_ json: JSON) {
    guard let run = json["run"]?.string.flatMap(RunID.init),
      let workflowPath = json["workflow"]?.string
    else { return nil }
    self.init(run: run, workflowPath: workflowPath)
    for (key, value) in json["variables"]?.object?.members ?? [] { variables[key] = value.string }
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
  }
}
