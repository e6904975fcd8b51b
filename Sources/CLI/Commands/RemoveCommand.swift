import ArgumentParser
import HumanText
import JobProtocol
import Runner
import Workflow

/// `hflow-tui remove <run>`
struct RemoveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "Delete a closed or interrupted run: its files, and its keys on a shared Redis.",
    discussion: "What its jobs wrote, their logs in logs-hf included, stays.")

  @OptionGroup var choice: RunChoice

  @Flag(help: "Leave what a shared Redis has of it: that Redis may be gone for good.")
  var filesOnly = false

  func run() throws {
    let finder = try choice.place.finder()
    if let damaged = try finder.damaged(choice.id) {
      try damaged.remove()
      return Terminal.say("removed what was left of run \(damaged.run)")
    }
    let found = try finder.one(choice.id)
    try RunRemoval(found, filesOnly: filesOnly).remove()
    Terminal.say("removed run \(found.run)")
  }
}

/// `hflow-tui prune --keep N`
struct PruneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune", abstract: "Delete all closed and interrupted runs but the newest.")

  @Option(help: ArgumentHelp("So many of them stay.", valueName: "number"))
  var keep: Int

  @Flag(help: "Say what would be deleted, and delete nothing.")
  var dryRun = false

  @OptionGroup var place: PlaceOptions

  func validate() throws {
    if keep < 0 { throw ValidationError("--keep needs a number, 0 deletes all") }
  }

  func run() throws {
    if place.redis == nil, !dryRun {
      RunBirth.sweep(workflowDirectory: try place.finder().directory)
    }
    let ended = try place.finder().all().filter { !RunStanding(of: $0).isLive }
    var failures: [String] = []
    for found in ended.dropFirst(keep) {
      do throws(Failure) {
        if !dryRun { try RunRemoval(found).remove() }
      } catch {
        failures += error.lines
        continue
      }
      let name = found.description.name.displayName
      Terminal.say("\(dryRun ? "would remove" : "removed") run \(found.run) \(name)")
    }
    if ended.count <= keep {
      let have = Formats.counted(ended.count, "run has", "runs have")
      Terminal.say("nothing to remove: \(have) ended")
    }
    if !failures.isEmpty { throw Failure(.infrastructure, failures) }
  }
}
