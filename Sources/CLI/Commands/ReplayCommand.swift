import ArgumentParser
import Engine
import JobProtocol
import Posix
import Runner
import Runs
import TUI
import Workflow

/// `hflow-tui replay <run>`
struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Replay a run on the screen",
    discussion: """
      Space pauses, < and > change the speed, { and } skip 5 % back or forward, ( and ) go to the \
      start and the end, `:seek 28%` or `:seek 0:01:12` to any time. Idle time is skipped.

      Example: hflow-tui replay last --speed 8
      """)

  @OptionGroup var choice: RunChoice

  @Option(
    help: ArgumentHelp(
      "Speed factor (default: the replay takes about one minute)",
      valueName: "number"))
  var speed: Double?

  @OptionGroup var display: DisplayOptions

  func validate() throws {
    if let speed, speed <= 0 || !speed.isFinite || speed > 1_000_000 {
      throw ValidationError("--speed needs a number greater than 0, as in --speed 8")
    }
  }

  func run() throws {
    let screen = try display.screen()
    let found = try choice.find()
    prepareTUI()
    let opened = try OpenedRun(found)
    defer { opened.close() }
    let events = try opened.wait { () throws(RunnerError) in
      opened.details.located(try await opened.runWatcher.allEvents())
    }
    guard !events.isEmpty else {
      throw Failure(.usage, "run \(found.run.short) has no events to replay yet")
    }
    let player = ReplayPlayer(events, of: opened.workflow)
    let messageQueue = try MessageQueue()
    let feed = ReplayFeed(
      player, of: opened, speed: speed ?? ReplayClock.defaultSpeed(length: player.busyMilliseconds),
      messageQueue: messageQueue)
    try show(feed, opened.workflow, screen, messageQueue)
  }

  private func show(
    _ feed: ReplayFeed, _ workflow: Workflow, _ screen: TUIOptions, _ messageQueue: MessageQueue
  ) throws {
    var screen = screen
    screen.replay = feed.shownState
    feed.start()
    defer { feed.stop() }
    do {
      _ = try runTUI(
        screen, state: RunState(workflow: workflow), messageQueue: messageQueue,
        perform: feed.perform)
    } catch {
      throw Failure(.usage, "\(error); `hflow-tui report` needs no terminal")
    }
  }
}
