import Engine
import JSONValue
import JobProtocol
import Posix
import Signing
import Workflow

/// Writes job messages in the format of the original engine: `config.executor` of the workflow,
/// with the signals, names and ids of the firing. The member `hflow` has what only our executors
/// read.
struct JobMessageBuilder: Sendable {
  let workflow: Workflow
  let run: RunID
  let workflowNumber: Int
  let directory: FollowedDirectory
  /// Has no credentials, because executors log the message.
  let redisURL: String
  var signingKey: SigningKey?
  /// Executors write a trace of each job.
  var traces = false
  /// A missing declared file fails its job, unless `config.checkFiles` says otherwise.
  var checksFiles = false
  /// The image of tasks whose `config.executor` names none.
  var workerContainer = Environment["HF_VAR_WORKER_CONTAINER"]
  /// Processes whose executors run in a pod of the image, so they start no container.
  var podProcesses: Set<ProcessID> = []

  /// How long a signed job message is valid: a job may wait in a queue for long.
  static let signatureMilliseconds = 30 * 86_400_000

  func jobID(_ attempt: AttemptID) -> JobID {
    JobID(attempt, run: run, workflow: workflowNumber)
  }

  /// - Parameter now: Milliseconds since 1970, for the expiry of the signature.
  func job(for work: Work, now: Int) -> SubmittedJob {
    let id = jobID(work.attempt)
    let process = workflow[work.attempt.firing.process]
    let resources = JobResources(
      of: process, timeout: work.edit?.timeout, growth: work.growth)
    var message = message(for: work, id, resources)
    if let signingKey {
      message = signingKey.sign(message, expires: now + Self.signatureMilliseconds)
    }
    return SubmittedJob(
      id: id, attempt: work.attempt, message: message.bytes, resources: resources)
  }

  private func message(
    for work: Work, _ id: JobID, _ resources: JobResources
  ) -> JobMessage {
    let process = workflow[work.attempt.firing.process]
    let command = process.command
    var members = command?.all ?? JSONObject()
    if let command {
      members["executable"] = .string(command.executable)
      members["args"] = .array(command.arguments.map(JSON.string))
      if command.shell { members["shell"] = true }
    }
    if let executable = work.edit?.executable {
      members["executable"] = .string(executable)
      // A command with spaces or tabs is for a shell, as in the workflow.
      if executable.utf8.contains(where: { $0 == 0x20 || $0 == 0x09 }) { members["shell"] = true }
    }
    if let arguments = work.edit?.arguments {
      members["args"] = .array(arguments.map(JSON.string))
    }
    members["inputs"] = .array(inputs(of: work))
    members["outputs"] = .array(outputs(of: work))
    members["redis_url"] = .string(redisURL)
    members["taskId"] = .string("\(id)")
    members["name"] = .string(process.name)
    // Newer original executors then report over a stream, which needs no polling.
    members["completionTransport"] = "stream"
    members["hflow"] = extras(for: work, process, resources).json
    return JobMessage(members: members)
  }

  /// What only our own executors read.
  private func extras(
    for work: Work, _ process: Workflow.Process, _ resources: JobResources
  ) -> JobExtras {
    var extras = JobExtras(
      directory: directory(of: process), timeout: resources.seconds,
      drain: process.drain, environment: work.edit?.environment ?? [:])
    extras.attempt = work.attempt.number
    extras.version = ProtocolVersion.current
    if !podProcesses.contains(process.id) {
      extras.image = process.image(variable: workerContainer)
    }
    extras.needs = resources.needs
    extras.traces = traces
    extras.files = files(of: work, process)
    return extras
  }

  /// The files that the task declares; `nil` for a task without.
  private func files(of work: Work, _ process: Workflow.Process) -> ExpectedFiles? {
    let command = process.command?.edited(
      executable: work.edit?.executable, arguments: work.edit?.arguments)
    let declared = DeclaredFiles(
      of: process, firing: work.attempt.firing.number, command: command, in: workflow)
    guard !declared.isEmpty else { return nil }
    return ExpectedFiles(
      inputs: declared.inputs.map { input in
        ExpectedFiles.Input(name: input.name, maker: maker(of: input.signal, work))
      },
      outputs: declared.outputs.map { workflow[$0].name },
      isStrict: process.checksFiles ?? checksFiles)
  }

  /// The label of the task that sent the signal; empty if no task did.
  private func maker(of signal: SignalID?, _ work: Work) -> String {
    guard let signal, let input = work.inputs.first(where: { $0.signal == signal }),
      let source = input.instances.last?.source
    else { return "" }
    return workflow.label(process: source.process, firing: source.number)
  }

  /// The data inputs as functions and jobs get them.
  func inputs(of work: Work) -> [JSON] { work.inputs.map(inputJSON) }

  /// The data outputs as functions and jobs get them, without data.
  func outputs(of work: Work) -> [JSON] {
    let firing = work.attempt.firing
    return workflow[firing.process].dataOutputs(ofFiring: firing.number)
      .map { outputJSON($0.signal) }
  }

  /// `work_dir` of the command, else the directory of the run's jobs.
  private func directory(of process: Workflow.Process) -> String {
    guard let given = process.executor?["work_dir"]?.string, !given.isEmpty else {
      return directory.path
    }
    return given.hasPrefix("/") ? given : "\(directory.path)/\(given)"
  }

  func inputJSON(_ input: ConsumedInput) -> JSON {
    var members = attributes(of: input.signal)
    for (key, value) in input.instances.first?.keys?.members ?? [] { members[key] = value }
    let data = input.instances.compactMap(\.datum)
    if !data.isEmpty { members["data"] = .array(data) }
    members["sigIdx"] = input.instances.last.map { .int($0.index) }
    if let source = input.instances.last?.source {
      members["source"] = .int(source.process.number)
      members["firingId"] = .int(source.number)
    }
    return .object(members)
  }

  private func outputJSON(_ signal: SignalID) -> JSON { .object(attributes(of: signal)) }

  func attributes(of signal: SignalID) -> JSONObject {
    var members = workflow[signal].attributes
    members["name"] = .string(workflow[signal].name)
    members["_id"] = .int(signal.number)
    return members
  }
}
