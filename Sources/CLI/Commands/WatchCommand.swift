import ArgumentParser
import JobProtocol
import Posix
import Runner
import TUI
import Workflow

/// `hflow-tui watch [run]`
struct WatchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch", abstract: "Attach to a run that goes on.")

  @Argument(
    help: ArgumentHelp(
      "The run's id or its beginning, or `last`; else the newest run that goes on.",
      valueName: "run"))
  var id: String?

  @OptionGroup var place: RunPlace
  @OptionGroup var signing: SigningOptions
  @OptionGroup var display: DisplayOptions
  @OptionGroup var finish: FinishOptions

  func run() throws {
    let finder = try place.finder()
    var screen = try display.screen()
    screen.preferences.onFinish = finish.onFinish ?? screen.preferences.onFinish
    let found = try finder.one(id)
    guard found.isReachable else {
      throw Failure(
        .usage,
        "run \(found.run.short) is closed: its Redis has ended; start the workflow again with "
          + "`hflow-tui run \(Files.parent(of: found.description.workflowPath))`")
    }
    try ScreenSession(
      run: found.run, url: found.url, watcher: ScreenSession.newWatcherID(), finder: finder,
      screen: screen, keyFile: try signing.checkedFile()
    ).begin()
  }
}
