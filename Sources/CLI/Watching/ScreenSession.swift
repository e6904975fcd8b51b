import Engine
import Glibc
import JobProtocol
import Posix
import Redis
import Runner
import Synchronization
import TUI
import Workflow

/// A person watches a run: connects the screen with the run's journal, its logs and its engine.
///
/// The screen has the calling thread; everything that comes from Redis arrives on others and goes
/// through its mailbox.
struct ScreenSession: Sendable {
  let run: RunID
  let url: RedisURL
  /// Where the workflow is.
  let workflowPath: String
  let watcher: String
  /// Finds other runs that can be switched to.
  let finder: RunFinder
  let screen: TUIOptions
  /// The file with the key that signs what is asked of the engine.
  var keyFile: String?
  /// The Redis of a closed run, which is there for us.
  var reviver: RunReviver?

  static func newWatcherID() -> String {
    "\(Environment.hostName)-\(getpid())-\(UInt32.random(in: .min ... .max))"
  }

  func begin() throws {
    prepareTUI()
    let key = try SigningOptions.key(in: keyFile)
    let door = RunWatcher(
      run: run, url: url, id: watcher, key: key, workflowPath: workflowPath)
    let details: RunWatcher.Details
    do {
      details = try Blocking.wait { () throws(RunnerError) in try await door.details() }
    } catch {
      throw Failure(error)
    }
    let mailbox = try Mailbox()
    let feed = ScreenFeed(door: door, details: details, reviver: reviver, mailbox: mailbox)
    let world = ScreenWorld(
      feed, finder: finder, watcher: watcher, keyFile: keyFile, key: key, mailbox: mailbox)
    let outcome = try show(details.workflow, world, mailbox)
    let state = try finish(outcome, world.feed)
    let isUpToDate = state.eventCount == outcome.state.eventCount
    let lines =
      isUpToDate
      ? outcome.summary
      : Summary.lines(
        state, now: Clock.steadyMilliseconds, lacksEngine: world.feed.engineIsGone)
    Terminal.say(lines)
    if let code = exitCode(outcome.reason, state) { throw Failure(code, []) }
  }

  private func show(
    _ workflow: Workflow, _ world: ScreenWorld, _ mailbox: Mailbox
  ) throws -> TUIOutcome {
    world.start()
    do {
      return try runTUI(
        screen, state: RunState(workflow: workflow), mailbox: mailbox,
        perform: world.perform)
    } catch {
      world.feed.stop()
      throw Failure(
        .usage,
        "\(error); the run goes on: watch it with `hflow-tui watch \(run.short)` in a "
          + "terminal, or run with --headless")
    }
  }

  /// Takes leave of the run; after `stop` waits until it has stopped.
  private func finish(_ outcome: TUIOutcome, _ feed: ScreenFeed) throws -> RunState {
    let door = feed.door
    var state = outcome.state
    if outcome.reason == .stop, state.status == .running {
      Terminal.say("stopping run \(door.run.short) …")
      let workflow = state.workflow
      state = try Blocking.wait { () throws(RunnerError) in
        await door.settledState(of: workflow)
      }
    }
    try Blocking.wait { () throws(RunnerError) in await feed.leave() }
    return state
  }

  private func exitCode(_ reason: LeaveReason, _ state: RunState) -> ExitStatusCode? {
    switch reason {
    case .terminated, .hangUp: .stopped
    case .detach, .stop, .closed:
      state.status == .running ? nil : ExitStatusCode(state.status)
    }
  }
}
