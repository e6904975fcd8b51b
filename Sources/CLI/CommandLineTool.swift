import ArgumentParser
import Glibc
import HumanText
import Posix
import Workflow

/// `hflow-tui`: reads the command line, runs a command, and turns every error into one line on
/// standard error and an exit code.
public enum CommandLineTool {
  public static let version = "0.2.0"

  /// `arguments` without the program's name; `nil` when they cannot be read.
  public static func run(arguments: [String]?) -> Never {
    guard let arguments else {
      Console.printError("cannot read the arguments of the command line")
      exit(ExitStatusCode.infrastructure.rawValue)
    }
    // Executors have another current directory.
    if let directory = Environment["HF_VAR_WORK_DIR"], !directory.isEmpty {
      Environment.set("HF_VAR_WORK_DIR", to: WorkflowPath.absolute(directory))
    }
    do {
      var command = try Root.parseAsRoot(arguments)
      try command.run()
      try Console.checkOutput()
      exit(ExitStatusCode.succeeded.rawValue)
    } catch {
      exit(report(error, of: arguments))
    }
  }

  private static func report(_ error: any Error, of arguments: [String]) -> Int32 {
    if let failure = error as? Failure {
      for line in failure.lines { Console.printError(line) }
      return failure.code.rawValue
    }
    if let text = advice(forUnknown: arguments.first) {
      Console.printError(text)
      return ExitStatusCode.usage.rawValue
    }
    let code = Root.exitCode(for: error)
    let message = Root.fullMessage(for: error)
    if code == .success {
      // Help, the version, or a completion script: our own text, so nothing is escaped.
      Console.writeData((message == Root.helpMessage() ? Root.overview : message) + "\n")
      return 0
    }
    if !message.isEmpty { printError(message, of: arguments) }
    return code == .validationFailure ? ExitStatusCode.usage.rawValue : code.rawValue
  }
}

extension CommandLineTool {
  /// Prints a message that may quote arguments. A line feed in an argument is escaped: it must not
  /// look like a line of the message.
  private static func printError(_ message: String, of arguments: [String]) {
    var message = message
    for argument in arguments where argument.contains("\n") {
      // The message may quote only the value of `--name=value`.
      let value = argument.split(separator: "=", maxSplits: 1).last.map(String.init) ?? argument
      for part in [argument, value] where part.contains("\n") {
        message = message.replacing(part, with: LineText.safe(part))
      }
    }
    for line in LineText.safeLines(message) { Console.printError(line) }
  }

  /// Commands of HyperFlow's `hflow`, with their equivalents.
  private static let habits = [
    "send": "jobs and functions send signals; to send one to each input: hflow-tui run DIR -s",
    "start-server": "each run has an engine of its own: hflow-tui run DIR --detach",
    "submit": "to start a run and return: hflow-tui run DIR --detach",
  ]

  /// The error for a first word that is not a command; `nil` if it is one.
  private static func advice(forUnknown firstWord: String?) -> String? {
    let configurations = Root.configuration.subcommands.map { $0.configuration }
    let commands = configurations.filter { $0.shouldDisplay }.compactMap { $0.commandName }
    guard let word = firstWord, !word.hasPrefix("-"),
      !(commands + ["engine", "help"]).contains(word)
    else { return nil }
    let advice =
      habits[word]
      ?? (Files.exists(word)
        ? "to run a workflow: hflow-tui run \(word.displayName)"
        : EditDistance.closest(to: word, among: commands).map { "did you mean \($0)?" }
          ?? "to list all: hflow-tui --help")
    return "unknown command \(word.debugDescription); \(advice)"
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
  /// The user or a signal ended the run, or the screen.
  case stopped = 130
}

/// An error that ends a command, with lines for the user and an exit code.
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
    abstract: "Run HyperFlow workflows over Redis and watch every job in the terminal",
    version: CommandLineTool.version,
    subcommands: [EngineCommand.self, PublishCommand.self],
    groupedSubcommands: [
      CommandGroup(
        name: "Run",
        subcommands: [
          RunCommand.self, ResumeCommand.self, RecoverCommand.self, WorkerCommand.self,
        ]),
      CommandGroup(
        name: "Steer",
        subcommands: [
          RetryCommand.self, SkipCommand.self, CancelCommand.self, HoldCommand.self,
          ReleaseCommand.self, PauseCommand.self, ContinueCommand.self, SlotsCommand.self,
          FailFastCommand.self, DrainCommand.self, WorkersCommand.self, StopCommand.self,
          CloseCommand.self,
        ]),
      CommandGroup(
        name: "Watch, look back",
        subcommands: [
          WatchCommand.self, ListCommand.self, LogsCommand.self, MetricsCommand.self,
          ReportCommand.self, ReplayCommand.self, RemoveCommand.self, PruneCommand.self,
        ]),
      CommandGroup(
        name: "Check, set up",
        subcommands: [
          ValidateCommand.self, GraphCommand.self, DoctorCommand.self, SitesCommand.self,
          ConfigCommand.self,
        ]),
    ])

  /// `hflow-tui --help`, on one page. The argument parser's own needs more than forty lines for it.
  static var overview: String {
    let groups = configuration.groupedSubcommands.map { group in
      let commands = group.subcommands.map { command in
        let name = command.configuration.commandName ?? ""
        let padding = String(repeating: " ", count: max(1, 11 - name.count))
        return "  \(name)\(padding)\(command.configuration.abstract)"
      }
      return "\(group.name)\n" + commands.joined(separator: "\n")
    }
    return """
      \(configuration.abstract)
      Usage: hflow-tui COMMAND [OPTION]... [ARGUMENT]...

      \(groups.joined(separator: "\n"))

      Example: hflow-tui run DIR; then, to run only what failed: hflow-tui retry last --failed
      Help on a command: hflow-tui COMMAND --help. Version: hflow-tui --version
      """
  }
}
