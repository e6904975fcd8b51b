import ArgumentParser
import JobProtocol
import Posix
import Runner
import Runs
import TUI
import Workflow

/// `hflow-tui watch [run]`
struct WatchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch", abstract: "Attach to a running workflow, or view a finished run",
    discussion: "Example: hflow-tui watch last")

  @Argument(
    help: ArgumentHelp(
      "The run's id, its first letters, or `last` (default: the running one)",
      valueName: "run"))
  var id: String?

  @OptionGroup var place: PlaceOptions
  @OptionGroup var signing: SigningOptions
  @OptionGroup var display: DisplayOptions
  @OptionGroup var finish: FinishOptions

  func run() throws {
    let finder = try place.finder()
    var screen = try display.screen()
    screen.preferences.onFinish = finish.onFinish ?? screen.preferences.onFinish
    let found = try finder.findAnywhere(id)
    let viewerServer = try found.openForViewing()
    try ScreenSession(
      run: found.run, url: viewerServer?.url ?? found.url,
      workflowPath: found.description.workflowPath, watcher: ScreenSession.newWatcherID(),
      finder: finder, screen: screen, keyFile: try signing.checkedFile(), viewerServer: viewerServer
    ).begin()
  }
}
