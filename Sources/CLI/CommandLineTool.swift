import ArgumentParser
import Glibc
import HumanText
import Posix
import Workflow

/// `hflow-tui`: reads the command line, runs a command, and turns every error into one line on
/// standard error and an exit code.
public enum CommandLineTool {
  public static let version = "0.1.0"

  /// `arguments` without the program's name; `nil` when they cannot be read.
  public static func run(arguments: [String]?) -> Never {
    guard let arguments else {
      Terminal.complain("cannot read the arguments of the command line")
      exit(ExitStatusCode.infrastructure.rawValue)
    }
    do {
      var command = try Root.parseAsRoot(arguments)
      try command.run()
      try Terminal.checkOutput()
      exit(ExitStatusCode.succeeded.rawValue)
    } catch {
      exit(report(error, of: arguments))
    }
  }

  private static func report(_ error: any Error, of arguments: [String]) -> Int32 {
    if let failure = error as? Failure {
      for line in failure.lines { Terminal.complain(line) }
      return failure.code.rawValue
    }
    if let text = adviceOnStray(arguments.first) {
      Terminal.complain(text)
      return ExitStatusCode.usage.rawValue
    }
    let code = Root.exitCode(for: error)
    let message = Root.fullMessage(for: error)
    if code == .success {
      // Help, the version, or a script for a shell: our own text, with tabs.
      Terminal.writeData(message + "\n")
      return 0
    }
    if !message.isEmpty { complain(message, of: arguments) }
    return code == .validationFailure ? ExitStatusCode.usage.rawValue : code.rawValue
  }
}

extension CommandLineTool {
  /// A message of several lines that may quote arguments: a line feed in one of these starts no
  /// line of the message.
  private static func complain(_ message: String, of arguments: [String]) {
    var message = message
    for argument in arguments where argument.contains("\n") {
      // Of `--name=value` the value alone may be quoted.
      let value = argument.split(separator: "=", maxSplits: 1).last.map(String.init) ?? argument
      for part in [argument, value] where part.contains("\n") {
        message = message.replacing(part, with: LineText.safe(part))
      }
    }
    for line in LineText.safeLines(message) { Terminal.complain(line) }
  }

  /// What to say of a first word that is no command; `nil` where it is one.
  private static func adviceOnStray(_ firstWord: String?) -> String? {
    let configurations = Root.configuration.subcommands.map { $0.configuration }
    let commands = configurations.filter { $0.shouldDisplay }.compactMap { $0.commandName }
    guard let word = firstWord, !word.hasPrefix("-"),
      !(commands + ["engine", "help"]).contains(word)
    else { return nil }
    let advice =
      Files.exists(word)
      ? "a workflow is run with: hflow-tui run \(word.displayName)"
      : EditDistance.closest(to: word, among: commands).map { "did you mean \($0)?" }
        ?? "hflow-tui --help names all"
    return "no command \(word.debugDescription); \(advice)"
  }
}

/// What the exit codes of all commands mean.
enum ExitStatusCode: Int32 {
  case succeeded = 0
  case tasksFailed = 1
  /// Wrong usage, or an invalid workflow.
  case usage = 2
  /// Redis, an executor or the file system.
  case infrastructure = 3
  /// A person or a signal ended the run, or the screen.
  case stopped = 130
}

/// Ends a command with lines for the user and an exit code.
struct Failure: Error {
  let code: ExitStatusCode
  let lines: [String]

  init(_ code: ExitStatusCode, _ lines: String...) { self.init(code, lines) }

  init(_ code: ExitStatusCode, _ lines: [String]) {
    self.code = code
    self.lines = lines
  }
}

struct Root: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hflow-tui",
    abstract: "Runs HyperFlow workflows and watches them in the terminal.",
    version: CommandLineTool.version,
    subcommands: [
      RunCommand.self, ResumeCommand.self, RecoverCommand.self,
      WatchCommand.self, ReplayCommand.self, ListCommand.self, LogsCommand.self,
      ReportCommand.self,
      RetryCommand.self, SkipCommand.self, CancelCommand.self, HoldCommand.self,
      ReleaseCommand.self, PauseCommand.self, ContinueCommand.self, SlotsCommand.self,
      FailFastCommand.self, DrainCommand.self, StopCommand.self, CloseCommand.self,
      RemoveCommand.self,
      PruneCommand.self,
      ValidateCommand.self, GraphCommand.self,
      ConfigCommand.self, WorkerCommand.self, EngineCommand.self,
    ])
}
