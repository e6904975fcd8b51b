import ArgumentParser
import Posix
import Runner

/// `hflow-tui recover <persistence log>`
struct RecoverCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recover",
    abstract: "Run the unfinished part of a workflow from its persistence log",
    discussion: """
      The log comes from `run --persist` or from HyperFlow. Firings in the log do not run again, \
      except those of processes with executeWhenRecovering and those whose line has \
      "2": {"flags": ["forceRecompute"]}. The new run writes a new log.

      Example: hflow-tui recover mosaic.2026-11-24-04-36-33-821.log
      """)

  @Argument(help: ArgumentHelp("The persistence log", valueName: "log"))
  var log: String

  @OptionGroup var options: RunOptions

  func run() throws {
    guard !Files.exists(log) || Files.isRegular(log) else {
      throw Failure(.usage, "\(log): not a regular file; save the log to a file first")
    }
    let found: PersistenceLog
    do {
      found = try PersistenceLog.read(log)
    } catch {
      throw Failure(error)
    }
    for note in found.notes { Console.printError("note: \(note)") }
    try options.start(found.workflowPath, called: found.directory) { settings in
      settings.variables.merge(found.variables) { given, _ in given }
      settings.recoverFrom = WorkflowPath.absolute(log)
      settings.persist = true
      settings.sendInputs = false
    }
  }
}
