import ArgumentParser
import Glibc
import Posix
import Synchronization
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
      exit(report(error, firstWord: arguments.first))
    }
  }

  private static func report(_ error: any Error, firstWord: String?) -> Int32 {
    if let failure = error as? Failure {
      for line in failure.lines { Terminal.complain(line) }
      return failure.code.rawValue
    }
    if let text = adviceOnStray(firstWord) {
      Terminal.complain(text)
      return ExitStatusCode.usage.rawValue
    }
    let code = Root.exitCode(for: error)
    let message = Root.fullMessage(for: error)
    if code == .success {
      Terminal.say(message)
      return 0
    }
    if !message.isEmpty { Terminal.complain(message) }
    return code == .validationFailure ? ExitStatusCode.usage.rawValue : code.rawValue
  }
}

extension CommandLineTool {
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

/// The standard streams, as lines. A reader that went away is no reason to fail; a disk that takes
/// no more is one, in the end.
enum Terminal {
  private static let problem = Mutex<PosixError?>(nil)

  static func say(_ line: String) { write(line + "\n") }
  static func write(_ text: String) { write(Array(text.utf8)) }
  static func write(_ bytes: [UInt8]) {
    do {
      try DescriptorIO.write(bytes, to: STDOUT_FILENO)
    } catch {
      problem.withLock { $0 = $0 ?? error }
    }
  }

  /// Throws when something of the output is missing.
  static func checkOutput() throws {
    guard let error = problem.withLock({ $0 }), error.code != EPIPE else { return }
    throw Failure(
      .infrastructure, "the output could not be written, and is not whole: \(error.reason)")
  }

  static func complain(_ line: String) { try? DescriptorIO.write(line + "\n", to: STDERR_FILENO) }
  static var outputIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 && isatty(STDIN_FILENO) == 1 }
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
