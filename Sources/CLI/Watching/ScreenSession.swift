import Engine
import Glibc
import JobProtocol
import Posix
import Redis
import Runner
import Runs
import Synchronization
import TUI
import Workflow

/// One session of the screen: connects the screen with a run's journal, logs and engine.
///
/// The screen runs on the calling thread. Everything from Redis arrives on other threads and
/// reaches the screen through the message queue.
struct ScreenSession: Sendable {
  let run: RunID
  let url: RedisURL
  /// The workflow's file.
  let workflowPath: String
  let watcher: String
  /// Finds other runs to switch to.
  let finder: RunFinder
  let screen: TUIOptions
  /// The file with the key that signs requests to the engine.
  var keyFile: String?
  /// The Redis of a finished run, started for this screen.
  var viewerServer: ViewerServer?

  static func newWatcherID() -> String {
    "\(Environment.hostName)-\(getpid())-\(UInt32.random(in: .min ... .max))"
  }

  func begin() throws {
    prepareTUI()
    let key = try SigningOptions.key(
      in: keyFile, of: RunDirectory.find(run, workflowDirectory: Files.parent(of: workflowPath)))
    let runWatcher = RunWatcher(
      run: run, url: url, id: watcher, key: key, workflowPath: workflowPath)
    let details: RunWatcher.Details
    do {
      details = try Blocking.wait { () throws(RunnerError) in try await runWatcher.details() }
    } catch {
      throw Failure(error)
    }
    let messageQueue = try MessageQueue()
    let feed = ScreenFeed(
      runWatcher: runWatcher, details: details, viewerServer: viewerServer,
      messageQueue: messageQueue)
    let world = ScreenWorld(
      feed, finder: finder.everywhere(), watcher: watcher, keyFile: keyFile, key: key,
      messageQueue: messageQueue
    )
    let outcome = try show(details.workflow, world, messageQueue)
    let state = try finish(outcome, world.feed)
    let isUpToDate = state.eventCount == outcome.state.eventCount
    let lines =
      isUpToDate
      ? outcome.summary
      : Summary.lines(
        state, now: Clock.steadyMilliseconds, lacksEngine: world.feed.engineIsGone)
    Console.print(lines)
    if let code = exitCode(outcome.reason, state) { throw Failure(code, []) }
  }

  private func show(
    _ workflow: Workflow, _ world: ScreenWorld, _ messageQueue: MessageQueue
  ) throws -> TUIOutcome {
    world.start()
    do {
      return try runTUI(
        screen, state: RunState(workflow: workflow), messageQueue: messageQueue,
        perform: world.perform)
    } catch {
      world.feed.stop()
      throw Failure(
        .usage,
        "\(error); the run continues: watch it with `hflow-tui watch \(run.short)` in another "
          + "terminal, or use --headless")
    }
  }

  /// Deregisters from the run. After `stop`, first waits until the run has stopped.
  private func finish(_ outcome: TUIOutcome, _ feed: ScreenFeed) throws -> RunState {
    let runWatcher = feed.runWatcher
    var state = outcome.state
    if outcome.reason == .stop, state.status == .running {
      Console.print("stopping run \(runWatcher.run.short) …")
      let workflow = state.workflow
      state = try Blocking.wait { () throws(RunnerError) in
        await runWatcher.settledState(of: workflow)
      }
    }
    try Blocking.wait { () throws(RunnerError) in await feed.unregister() }
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
