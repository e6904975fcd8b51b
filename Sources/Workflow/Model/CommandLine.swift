public import JSONValue
import ShellText

extension Workflow {
  /// `config.executor`: the command a job runs.
  public struct CommandLine: Sendable {
    public let executable: String
    /// One word each. With `shell`, they are joined by spaces without quoting.
    public let arguments: [String]
    public let shell: Bool
    public let stdout: String?
    public let stderr: String?
    public let stdoutAppend: String?
    public let stderrAppend: String?
    /// The whole object, with unknown keys.
    public let all: JSONObject
  }
}

extension Workflow.Process {
  /// The command, or the function, on one line; safe to print.
  public var summary: String {
    guard let command, !command.executable.isEmpty else {
      return (function ?? name).displayName
    }
    let words = [command.executable] + command.arguments
    let line = command.shell ? words : words.map(ShellWords.quoted)
    return line.joined(separator: " ").displayName
  }
}
