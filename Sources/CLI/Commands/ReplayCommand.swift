import ArgumentParser
import Engine
import JobProtocol
import Posix
import Runner
import TUI
import Workflow

/// `hflow-tui replay <run>`
struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Show a run on the screen again as it was.",
    discussion: """
      Space stops the time, < and > change its speed, { and } move by a twentieth, ( and ) to the \
      ends; `:seek 28%` or `:seek 0:01:12` to any moment. Time in which nothing was under way is \
      skipped.
      """)

  @OptionGroup var choice: RunChoice

  @Option(
    help: ArgumentHelp(
      "How many times as fast as it was (default: so that it takes about a minute).",
      valueName: "number"))
  var speed: Double?

  @OptionGroup var display: DisplayOptions

  func validate() throws {
    if let speed, speed <= 0 || !speed.isFinite || speed > 1_000_000 {
      throw ValidationError("--speed needs a number above 0, as in --speed 8")
    }
  }

  func run() throws {
    let screen = try display.screen()
    let found = try choice.find()
    prepareTUI()
    let opened = try OpenedRun(found)
    defer { opened.close() }
    let events = try opened.wait { () throws(RunnerError) in
      opened.details.located(try await opened.door.allEvents())
    }
    guard !events.isEmpty else {
      throw Failure(.usage, "run \(found.run.short) has no events yet; nothing can be replayed")
    }
    let player = ReplayPlayer(events, of: opened.workflow)
    let mailbox = try Mailbox()
    let feed = ReplayFeed(
      player, of: opened, speed: speed ?? ReplayClock.usualSpeed(length: player.busyMilliseconds),
      mailbox: mailbox)
    try show(feed, opened.workflow, screen, mailbox)
  }

  private func show(
    _ feed: ReplayFeed, _ workflow: Workflow, _ screen: TUIOptions, _ mailbox: Mailbox
  ) throws {
    var screen = screen
    screen.replay = feed.standing
    feed.start()
    defer { feed.stop() }
    do {
      _ = try runTUI(
        screen, state: RunState(workflow: workflow), mailbox: mailbox, perform: feed.perform)
    } catch {
      throw Failure(.usage, "\(error); `hflow-tui report` needs no terminal")
    }
  }
}
