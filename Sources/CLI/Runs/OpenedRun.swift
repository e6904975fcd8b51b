import Engine
import JobProtocol
import Redis
import Runner
import Signing
import Workflow

/// A run whose Redis answers, for a command that looks at it or asks something of its engine. The
/// Redis of a closed run is started for it; `close` stops what was started.
struct OpenedRun: Sendable {
  let found: FoundRun
  let door: RunWatcher
  let details: RunWatcher.Details
  /// This one among the run's watchers.
  let watcher: String
  private let reviver: RunReviver?

  var run: RunID { found.run }
  var workflow: Workflow { details.workflow }

  /// Opens it and waits; not for asynchronous callers. `key` signs what is asked of the engine.
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
    let isOwn = found.description.isEmbedded
    let directory = isOwn ? found.directory : nil
    let reviver = try directory.map { directory throws(RunnerError) in
      try RunReviver.open(directory)
    }
    let door = RunWatcher(
      run: found.run, url: reviver?.url ?? found.url, id: watcher, key: key,
      workflowPath: found.description.workflowPath)
    self.reviver = reviver
    self.door = door
    do throws(RunnerError) {
      details = try await door.details()
    } catch {
      reviver?.close()
      throw error
    }
  }

  /// The run as its journal tells it now, and the id of the last entry that was read.
  func state() throws(Failure) -> (state: RunState, lastID: String) {
    let (door, details) = (door, details)
    return try wait { () throws(RunnerError) in try await door.state(of: details) }
  }

  func close() {
    Task { [door] in await door.disconnect() }
    reviver?.close()
  }

  /// Waits for something asynchronous; its error becomes the command's.
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
