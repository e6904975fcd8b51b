import JSONValue
import Logging
import Posix
import Runs
import Workflow

/// Opens the files that a run's settings ask for.
struct RecorderFiles {
  let settings: RunSettings
  let log: Logger

  /// `nil` when nothing is to be recorded.
  func recorder(_ messages: JobMessageBuilder) throws(RunnerError) -> RunRecorder? {
    guard settings.persist || settings.provenanceOutput != nil else { return nil }
    var persistence: AppendingFile?
    if settings.persist { persistence = try begin(messages.workflow) }
    var provenance: AppendingFile?
    if let path = settings.provenanceOutput {
      provenance = try AppendingFile(path, isNamed: true, log: log)
    }
    return RunRecorder(messages: messages, persistence: persistence, provenance: provenance)
  }

  /// The longest part of a workflow's name in a file name, whose limit is 255 bytes.
  private static let nameLimit = 50

  /// `<name or "wf">.<date>.log` beside the workflow.
  static func newPersistenceLog(for workflow: Workflow, _ settings: RunSettings) -> String {
    let date = String(
      Clock.isoText(milliseconds: Clock.wallMilliseconds).dropLast()
        .map { "T:.".contains($0) ? "-" : $0 })
    let name = workflow.name.displayName.replacing("/", with: "_").prefix(nameLimit)
    return Files.join(Files.parent(of: settings.workflowPath), "\(name).\(date).log")
  }

  /// Opens the persistence log and writes its first line, unless a resumed run has it already.
  private func begin(_ workflow: Workflow) throws(RunnerError) -> AppendingFile {
    let directory = Files.parent(of: settings.workflowPath)
    let path = settings.persistenceLog ?? Self.newPersistenceLog(for: workflow, settings)
    let file = try AppendingFile(path, log: log)
    if settings.resumes, Files.size(path) ?? 0 > 0 { return file }
    let options: JSON = [
      "--persist": true, "--log-provenance": .bool(settings.provenanceOutput != nil),
      "--provenance-output": settings.provenanceOutput.map(JSON.string) ?? .null,
      "--var": .array(
        settings.variables.sorted { $0.key < $1.key }.map { .string("\($0.key)=\($0.value)") }),
      "-s": .bool(settings.sendInputs), "run": true, "recover": false,
      "<workflow_dir_or_file>": .string(try workflowFile(besides: path)),
    ]
    let entry: [JSON] = ["info", .string(directory), .string(options.text)]
    guard file.append([PersistenceEntry.line(entry, milliseconds: Clock.wallMilliseconds)]) else {
      throw RunnerError(.infrastructure, "\(file.path.displayName): cannot be written")
    }
    return file
  }

  /// The workflow file for a later `recover`. For a workflow from a pipe, this writes a copy beside
  /// the log.
  private func workflowFile(besides log: String) throws(RunnerError) -> String {
    guard let text = settings.workflowText else { return settings.workflowPath }
    let copy = (log.hasSuffix(".log") ? String(log.dropLast(4)) : log) + ".json"
    do throws(PosixError) {
      try Files.write(Array(text.utf8), to: copy)
    } catch {
      throw RunnerError(.infrastructure, "\(copy.displayName): cannot be written: \(error.reason)")
    }
    return copy
  }
}
