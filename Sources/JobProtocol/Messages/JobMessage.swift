public import JSONValue

/// A job message from an engine to an executor.
///
/// `members` is the whole object: the original's keys, every key of `config.executor`, and,
/// from our engine, `hflow` with what only our executor understands.
public struct JobMessage: Sendable, Equatable {
  public var members: JSONObject

  public init(members: JSONObject) { self.members = members }

  /// Parses a message. The error is for a report.
  public init(parsing bytes: [UInt8]) throws(JobMessageError) {
    let value: JSON
    do {
      value = try JSON(parsing: bytes)
    } catch {
      throw JobMessageError("the job message is not JSON: \(error)")
    }
    guard let members = value.object else {
      throw JobMessageError("the job message is \(value.kindName), expected an object")
    }
    self.members = members
  }

  public var bytes: [UInt8] { JSON.object(members).bytes }

  public var taskID: String? { members["taskId"]?.string }
  public var name: String { members["name"]?.string ?? "" }
  public var inputs: [JSON] { members["inputs"]?.array ?? [] }
  public var outputs: [JSON] { members["outputs"]?.array ?? [] }
  /// `nil` if the message is from an original engine.
  public var extras: JobExtras? { members["hflow"].flatMap(JobExtras.init) }

  /// The version of reports and output that the engine reads, see `ProtocolVersion`.
  public var version: Int { extras?.version ?? ProtocolVersion.first }

  /// How to report the job's end to the engine.
  public var completionTransport: CompletionTransport {
    if extras != nil { return .reports }
    return members["completionTransport"]?.string == "stream" ? .stream : .sets
  }
}

public struct JobMessageError: Error, Equatable, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }
}

/// The ways to report a job's end.
public enum CompletionTransport: String, Sendable {
  /// The reports stream of this project.
  case reports
  /// `XADD hf:<hfId>:completions`, of newer originals.
  case stream
  /// `SADD <taskId> <code>`, then `SADD wf:<wfId>:tasksPendingCompletionHandling <taskId>`.
  case sets
}

/// The member `hflow` of a message from our engine.
public struct JobExtras: Sendable, Equatable {
  /// The job's directory, absolute; the executor's `HF_VAR_WORK_DIR` takes precedence.
  public var directory: String?
  /// The time limit of this attempt in seconds; `nil` for none.
  public var timeout: Double?
  /// How many seconds output is read after the program's exit while no holder writes or
  /// works; `nil` for the executor's default.
  public var drain: Double?
  /// Additional environment of the job.
  public var environment: [String: String]
  /// The number of the attempt, from 1. The engine counts; executors do not retry.
  public var attempt: Int?
  /// The version of reports and output that the engine reads; `nil` for `ProtocolVersion.first`.
  public var version: Int?
  /// The image in which the command runs; `nil` to run it on the host.
  public var image: String?
  /// Whether the executor writes a trace of the job, for HyperFlow's own tools.
  public var traces = false
  /// What to book for the job on a worker.
  public var needs = JobNeeds()
  /// The files to look for; `nil` if the job declares none.
  public var files: ExpectedFiles?

  public init(
    directory: String?, timeout: Double? = nil, drain: Double? = nil,
    environment: [String: String] = [:], attempt: Int? = nil, version: Int? = nil
  ) {
    self.directory = directory
    self.timeout = timeout
    self.drain = drain
    self.environment = environment
    self.attempt = attempt
    self.version = version
  }

  init?(_ value: JSON) {
    guard let members = value.object else { return nil }
    directory = members["directory"]?.string
    timeout = members["timeout"]?.double
    drain = members["drain"]?.double
    attempt = members["attempt"]?.int
    version = members["protocol"]?.int
    image = members["image"]?.string
    traces = members["traces"]?.bool ?? false
    needs = members["needs"].map(JobNeeds.init) ?? JobNeeds()
    files = members["files"].flatMap(ExpectedFiles.init)
    environment = [:]
    for (key, value) in members["environment"]?.object?.members ?? [] {
      environment[key] = value.displayText
    }
  }

  public var json: JSON {
    var members = JSONObject()
    members["directory"] = directory.map(JSON.string)
    members["timeout"] = timeout.map(JSON.init(number:))
    members["drain"] = drain.map(JSON.init(number:))
    members["attempt"] = attempt.map(JSON.int)
    members["protocol"] = version.map(JSON.int)
    members["image"] = image.map(JSON.string)
    if traces { members["traces"] = true }
    if !needs.isEmpty { members["needs"] = needs.json }
    members["files"] = files?.json
    if !environment.isEmpty {
      let sorted = environment.sorted { $0.key < $1.key }
      members["environment"] = .object(JSONObject(sorted.map { ($0.key, .string($0.value)) }))
    }
    return .object(members)
  }
}
