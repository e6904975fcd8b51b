import JSONValue
public import JobProtocol
public import Workflow

/// The command of an attempt: the workflow's, with the user's edits.
public struct JobCommand: Sendable, Equatable {
  public var executable: String
  public var arguments: [String]
  /// Whether the words are joined by spaces and run by a shell.
  public let isShell: Bool
  public var environment: [String: String]
  /// Seconds; `nil` for no limit.
  public var timeout: Double?
  /// The working directory, relative to the run's directory, which is the default.
  public let directory: String

  /// `nil` for a process without a command.
  public init?(_ process: Workflow.Process) {
    guard let command = process.command, !command.executable.isEmpty else { return nil }
    executable = command.executable
    arguments = command.arguments
    isShell = command.shell
    environment = [:]
    for (name, value) in command.all["env"]?.object?.members ?? [] {
      environment[name] = value.displayText
    }
    timeout = process.timeout
    directory = command.all["work_dir"]?.string ?? ""
  }

  public mutating func apply(_ edit: JobEdit) {
    executable = edit.executable ?? executable
    arguments = edit.arguments ?? arguments
    environment.merge(edit.environment) { $1 }
    if let seconds = edit.timeout { timeout = seconds > 0 ? seconds : nil }
  }

  public func applying(_ edit: JobEdit?) -> JobCommand {
    var command = self
    if let edit { command.apply(edit) }
    return command
  }
}

extension RunState {
  /// The command of a task's last attempt, or of its first one if there is none yet.
  public func command(of task: FiringID) -> JobCommand? {
    guard workflow.processes.indices.contains(task.process.index) else { return nil }
    return JobCommand(workflow[task.process])?.applying(self.task(task)?.lastAttempt?.edit)
  }
}
