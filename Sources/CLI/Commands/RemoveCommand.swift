import ArgumentParser
import HumanText
import JobProtocol
import Runner
import Runs
import Workflow

/// `hflow-tui remove <run>`
struct RemoveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "Delete a finished or interrupted run",
    discussion: """
      Deletes the run's files and its keys on a shared Redis. The files that jobs wrote stay, \
      logs-hf/ included.

      Example: hflow-tui remove p9qc
      """)

  @OptionGroup var choice: RunChoice

  @Flag(help: "Delete the files only; for a shared Redis that no longer exists")
  var filesOnly = false

  func run() throws {
    let finder = try choice.place.finder()
    if let damaged = try finder.damaged(choice.id) {
      try damaged.remove()
      return Console.print("removed the damaged run \(damaged.run)")
    }
    let found = try finder.one(choice.id)
    try RunRemoval(found, filesOnly: filesOnly).remove()
    Console.print("removed run \(found.run)")
  }
}

/// `hflow-tui prune --keep N`
struct PruneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune", abstract: "Delete finished and interrupted runs except the newest",
    discussion: "Example: hflow-tui prune --keep 5 --dry-run")

  @Option(help: ArgumentHelp("Number of runs to keep", valueName: "number"))
  var keep: Int

  @Flag(help: "List the runs that would be deleted; delete nothing")
  var dryRun = false

  @OptionGroup var place: PlaceOptions

  func validate() throws {
    if keep < 0 { throw ValidationError("--keep needs a number of at least 0") }
  }

  func run() throws {
    if place.redis == nil, !dryRun {
      RunCreation.removeAbandoned(workflowDirectory: try place.finder().directory)
    }
    let ended = try place.finder().all().filter { !RunCondition(of: $0).isLive }
    var failures: [String] = []
    for found in ended.dropFirst(keep) {
      do throws(Failure) {
        if !dryRun { try RunRemoval(found).remove() }
      } catch {
        failures += error.lines
        continue
      }
      let name = found.description.name.displayName
      Console.print("\(dryRun ? "would remove" : "removed") run \(found.run) \(name)")
    }
    if ended.count <= keep {
      let have = Formats.counted(ended.count, "run has", "runs have")
      Console.print("nothing to remove: only \(have) ended")
    }
    if !failures.isEmpty { throw Failure(.infrastructure, failures) }
  }
}
