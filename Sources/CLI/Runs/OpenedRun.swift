import Engine
import JobProtocol
import Posix
import Redis
import Runner
import Runs
import Signing
import Workflow

/// A run whose Redis answers, for a command that reads its journal or asks its engine. The
/// Redis of a finished run is started; `close` stops it again.
struct OpenedRun: Sendable {
  let found: FoundRun
  let runWatcher: RunWatcher
  let details: RunWatcher.Details
  /// The id of this watcher.
  let watcher: String
  private let viewerServer: ViewerServer?

  var run: RunID { found.run }
  var workflow: Workflow { details.workflow }

  /// Opens the run and waits; not for asynchronous callers. `key` signs requests.
  init(
    _ found: FoundRun, as watcher: String = ScreenSession.newWatcherID(), key: SigningKey? = nil
  ) throws(Failure) {
    do throws(RunnerError) {
      self = try Blocking.wait { () throws(RunnerError) in
        try await OpenedRun(opening: found, as: watcher, key: key)
      }
    } catch {
      throw Failure(error)
    }
  }

  init(opening found: FoundRun, as watcher: String, key: SigningKey?) async throws(RunnerError) {
    self.found = found
    self.watcher = watcher
    let isOwn = found.description.hasPrivateRedis
    let directory = isOwn ? found.directory : nil
    let viewerServer = try directory.map { directory throws(RunnerError) in
      try ViewerServer.open(directory)
    }
    let runWatcher = RunWatcher(
      run: found.run, url: viewerServer?.url ?? found.url, id: watcher, key: key,
      workflowPath: found.description.workflowPath)
    self.viewerServer = viewerServer
    self.runWatcher = runWatcher
    do throws(RunnerError) {
      details = try await runWatcher.details()
    } catch {
      viewerServer?.close()
      throw error
    }
  }

  /// The state from the journal so far, and the id of its last entry.
  func state() throws(Failure) -> (state: RunState, lastID: String) {
    let (runWatcher, details) = (runWatcher, details)
    return try wait { () throws(RunnerError) in try await runWatcher.state(of: details) }
  }

  func close() {
    Task { [runWatcher] in await runWatcher.disconnect() }
    viewerServer?.close()
  }

  /// Waits for an asynchronous call and converts its error.
  func wait<Value: Sendable>(
    _ body: @escaping @Sendable () async throws(RunnerError) -> Value
  ) throws(Failure) -> Value {
    do throws(RunnerError) {
      return try Blocking.wait(body)
    } catch {
      throw Failure(error)
    }
  }
}

/// Detects that a workflow file has changed since its run started. The run keeps using its
/// copy, which surprises users who edited the file.
enum WorkflowChange {
  static func note(_ run: RunID, _ path: String) -> String {
    let directory = Files.parent(of: path)
    return "note: \(Files.name(of: path)) has changed since run \(run.short) started, which uses a "
      + "copy; to edit a task: hflow-tui retry \(run.short) TASK --command TEXT; to use the "
      + "changed file: hflow-tui run \(directory)"
  }

  /// Whether the workflow file differs from the run's copy. False if the file is not on this
  /// host.
  static func exists(for run: FoundRun, copy: [UInt8]) -> Bool {
    let path = run.description.workflowPath
    guard run.directory != nil, Files.isRegular(path), let now = try? Files.read(path) else {
      return false
    }
    return now != copy
  }
}
