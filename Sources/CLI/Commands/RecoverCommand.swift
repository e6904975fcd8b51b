import ArgumentParser
import Posix
import Runner

/// `hflow-tui recover <persistence log>`
struct RecoverCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recover",
    abstract: "Run the rest of a workflow whose persistence log is there.",
    discussion: """
      The log is one of `run --persist`, or of the original engine. Firings that are in it are not \
      run again, except those of processes with executeWhenRecovering and those whose line has \
      "2": {"flags": ["forceRecompute"]}. A new log is written.
      """)

  @Argument(help: ArgumentHelp("The persistence log.", valueName: "log"))
  var log: String

  @OptionGroup var options: RunOptions

  func run() throws {
    guard !Files.exists(log) || Files.isRegular(log) else {
      throw Failure(.usage, "\(log): not a file; the engine reads the log again, so save it first")
    }
    let found: PersistenceLog
    do {
      found = try PersistenceLog.read(log)
    } catch {
      throw Failure(error)
    }
    for note in found.notes { Terminal.complain("note: \(note)") }
    try options.start(found.workflowPath, called: found.directory) { settings in
      settings.variables.merge(found.variables) { given, _ in given }
      settings.recoverFrom = WorkflowPath.absolute(log)
      settings.persist = true
      settings.sendInputs = false
    }
  }
}
