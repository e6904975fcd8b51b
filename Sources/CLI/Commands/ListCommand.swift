import ArgumentParser
import JSONValue
import Posix

/// `hflow-tui list`
struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List runs and their states",
    discussion: """
      Lists the runs of a directory and of your state directory, or those on a Redis. \
      With --all, also those that you have started in other directories.

      States: running, paused, stopping; `failed, open` for a run that waits for retries; \
      succeeded, failed, blocked, stopped; interrupted (the engine died: `hflow-tui resume`); \
      damaged (files are missing: `hflow-tui remove`).

      Example: hflow-tui list -C ~/montage
      """)

  @Flag(name: .shortAndLong, help: "List your runs in all directories")
  var all = false

  @Flag(help: "Print one JSON array")
  var json = false

  @OptionGroup var place: PlaceOptions

  func run() throws {
    let finder = all ? try place.finder().everywhere() : try place.finder()
    let list = RunList(
      try finder.all(), damaged: finder.damaged(), elsewhere: finder.elsewhere())
    if json { return Console.writeData(list.json.text + "\n") }
    if list.isEmpty {
      let nothing = finder.nothing
      if !all, nothing.code == .infrastructure { throw nothing }
      return Console.printError("no runs; start one with `hflow-tui run`")
    }
    let lines = list.lines(now: Clock.wallMilliseconds, directory: all ? nil : finder.directory)
    Console.print(lines)
    for warning in list.warnings { Console.printError(warning) }
  }
}
