import JSONValue
public import JobProtocol
public import Workflow

/// What an attempt of a task runs: what the workflow says, with what people changed about it.
public struct JobCommand: Sendable, Equatable {
  public var executable: String
  public var arguments: [String]
  /// The words are joined by blanks and given to a shell.
  public let isShell: Bool
  public var environment: [String: String]
  /// Seconds of wall clock; `nil` for no limit.
  public var timeout: Double?
  /// Where it runs; relative to the run's directory, which it is when empty.
  public let directory: String

  /// `nil` for a process that runs no command.
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
  /// What the last attempt of a task ran, or what its first one will run.
  public func command(of task: FiringID) -> JobCommand? {
    guard workflow.processes.indices.contains(task.process.index) else { return nil }
    return JobCommand(workflow[task.process])?.applying(self.task(task)?.lastAttempt?.edit)
  }
}
