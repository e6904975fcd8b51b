import JSONValue
import JobProtocol
import Posix
import ShellText

/// A job message, resolved with this executor's settings.
struct JobPlan {
  let executable: String
  let arguments: [String]
  /// The job's directory; absolute, and it existed when the plan was made.
  let directory: String
  /// Added to the executor's environment.
  let environment: [String: String]
  let standardOutputFile: Redirection?
  let standardErrorFile: Redirection?
  /// Seconds.
  let timeout: Double?
  /// How long output is read after the program's exit while no process works on it, in
  /// milliseconds.
  let drain: Int
  let inputs: [InputFile]
  /// The image in which the command runs.
  let image: String?
  /// The directories that a container shows besides that of the job; absolute.
  let mounts: [String]
  let needs: JobNeeds
  /// The graphics processors that the worker has assigned.
  let gpus: [Int]

  init(
    _ message: JobMessage, job: String, settings: ExecutorSettings, stager: Stager? = nil,
    gpus: [Int] = []
  ) throws(JobFailure) {
    let command = try JobPlan.command(message, settings)
    executable = command[0]
    arguments = Array(command.dropFirst())
    var wanted = settings.directory(for: message.extras)
    if let stager {
      wanted = stager.here(wanted)
      try? Files.makeDirectory(wanted)
    }
    guard Files.isDirectory(wanted) else {
      throw JobFailure(
        .notFound("directory \(wanted): no such directory on \(Environment.hostName)"))
    }
    directory = wanted
    needs = message.extras?.needs ?? JobNeeds()
    self.gpus = gpus
    environment = JobPlan.environment(message, job: job, gpus: gpus)
    let (out, err) = Redirection.both(message, directory: wanted)
    if let stager {
      // Creates the directories of the outputs on a host with copies, because they exist where the
      // run is.
      let outputs = message.outputs.compactMap { $0["name"]?.string }
      let paths = outputs.map { stager.here(Files.join(wanted, $0)) }
      for path in paths + [out?.path, err?.path].compactMap(\.self)
      where path.hasPrefix(stager.place + "/") {
        try? Files.makeDirectory(Files.parent(of: path))
      }
    }
    standardOutputFile = out
    standardErrorFile = err
    timeout = message.extras?.timeout.flatMap { $0 > 0 ? $0 : nil }
    drain = message.extras?.drain.map(DrainLimit.milliseconds) ?? settings.drain
    inputs = message.inputs.compactMap {
      InputFile($0, directory: wanted, settings: settings)
    }
    image = settings.containerTool == .hostOnly ? nil : message.extras?.image
    mounts = JobPlan.mounts(message, directory: wanted, settings: settings)
  }

  /// The directories of the executor's settings and of the message.
  private static func mounts(
    _ message: JobMessage, directory: String, settings: ExecutorSettings
  ) -> [String] {
    let own = ["input_dir", "output_dir"].compactMap { message.members[$0]?.string }
    let given = message.members["mounts"]?.array?.compactMap(\.string) ?? []
    return ([settings.inputDirectory, settings.outputDirectory].compactMap(\.self) + own + given)
      .filter { !$0.isEmpty }.map { Files.join(directory, $0) }
  }

  /// The program to start: the command itself, or the tool that makes its container.
  func request(in container: ContainerStart?, output: Int32, error: Int32) -> SpawnRequest {
    var request: SpawnRequest
    if let container {
      request = container.request
    } else {
      request = SpawnRequest(executable, arguments)
      request.additionalEnvironment = environment
    }
    request.directory = directory
    request.standardOutput = .descriptor(output)
    request.standardError = .descriptor(error)
    return request
  }

  /// The executable and its arguments; never empty.
  private static func command(
    _ message: JobMessage, _ settings: ExecutorSettings
  ) throws(JobFailure) -> [String] {
    guard let executable = message.members["executable"]?.string, !executable.isEmpty else {
      throw JobFailure(.invalidMessage("the job message has no executable"))
    }
    var arguments = try self.arguments(message)
    if settings.inputDirectory != nil {
      let paths = inputPaths(message, settings)
      arguments = arguments.map { paths[$0] ?? $0 }
    }
    let words = [executable] + arguments
    guard words.allSatisfy({ !$0.utf8.contains(0) }) else {
      throw JobFailure(.invalidMessage("the command of the job message has a NUL character"))
    }
    if message.members["shell"]?.isTruthy == true {
      return ["/bin/sh", "-c", words.joined(separator: " ")]
    }
    return words
  }

  private static func arguments(_ message: JobMessage) throws(JobFailure) -> [String] {
    switch message.members["args"] {
    case nil, .null: return []
    case .string(let line): return ShellWords.split(line) ?? [line]
    case .array(let values): return values.map(\.displayText)
    case .some(let other):
      throw JobFailure(
        .invalidMessage("args of the job message is \(other.kindName), expected an array"))
    }
  }

  /// Name → path of inputs that belong to the workflow.
  private static func inputPaths(
    _ message: JobMessage, _ settings: ExecutorSettings
  ) -> [String: String] {
    var paths: [String: String] = [:]
    for input in message.inputs {
      if let name = input["name"]?.string {
        paths[name] = settings.inputPath(of: input, named: name)
      }
    }
    return paths
  }

  private static func environment(
    _ message: JobMessage, job: String, gpus: [Int]
  ) -> [String: String] {
    var result: [String: String] = [:]
    for (name, value) in message.members["env"]?.object?.members ?? [] {
      result[name] = value.displayText
    }
    if let extras = message.extras {
      result.merge(extras.environment) { $1 }
      result["HFLOW_JOB_ID"] = job
      result["HFLOW_ATTEMPT"] = "\(JobID(parsing: job)?.attempt ?? 1)"
      if extras.needs.cores != nil {
        let cores = "\(extras.needs.slots)"
        result["HFLOW_CORES"] = cores
        let threads = "OMP_NUM_THREADS"
        if result[threads] == nil, Environment[threads] == nil { result[threads] = cores }
      }
      if !gpus.isEmpty {
        result["CUDA_VISIBLE_DEVICES"] = gpus.map(String.init).joined(separator: ",")
      }
    }
    return result
  }
}

extension JSON {
  /// The plausible values that JavaScript treats as true.
  var isTruthy: Bool {
    switch self {
    case .bool(let value): value
    case .string(let text): !text.isEmpty
    case .int(let number): number != 0
    case .null, .double, .array, .object: false
    }
  }
}
