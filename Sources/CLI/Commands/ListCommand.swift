import ArgumentParser
import JSONValue
import Posix

/// `hflow-tui list`
struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List runs: those of a directory and of your state directory, or those on a Redis.",
    discussion: """
      States: running, paused, stopping; `failed, open` and the like for a run that can go no \
      further while somebody watches it; succeeded, failed, blocked or stopped when it is closed; \
      interrupted when its engine was lost (`hflow-tui resume` goes on with it); damaged where its \
      directory does not say what it is (`hflow-tui remove` deletes it). Counts of an interrupted \
      run whose Redis is gone are those last written down, and say when that was.
      """)

  @Flag(help: "One JSON array.")
  var json = false

  @OptionGroup var place: PlaceOptions

  func run() throws {
    let finder = try place.finder()
    let list = RunList(try finder.all(), damaged: finder.damaged())
    if json { return Terminal.writeData(list.json.text + "\n") }
    if list.isEmpty {
      let nothing = finder.nothing
      if nothing.code == .infrastructure { throw nothing }
      return Terminal.complain("no runs; start one with `hflow-tui run`")
    }
    let lines = list.lines(now: Clock.wallMilliseconds, directory: finder.directory)
    Terminal.say(lines)
    for warning in list.warnings { Terminal.complain(warning) }
  }
}
