import Engine
import JobProtocol
import Redis
import Runner
import Workflow

/// A run whose Redis answers, for a command that looks at it or asks something of its engine. The
/// Redis of a closed run is started for it; `close` stops what was started.
struct OpenedRun: Sendable {
  let found: FoundRun
  let door: RunWatcher
  let details: RunWatcher.Details
  /// This one among the run's watchers.
  let watcher = ScreenSession.newWatcherID()
  private let reviver: RunReviver?

  var run: RunID { found.run }
  var workflow: Workflow { details.workflow }

  init(_ found: FoundRun) throws(Failure) {
    self.found = found
    do throws(RunnerError) {
      let reviver: RunReviver? =
        if found.description.isEmbedded, let directory = found.directory {
          try RunReviver.open(directory)
        } else {
          nil
        }
      let door = RunWatcher(
        run: found.run, url: reviver?.url ?? found.url, id: watcher)
      self.reviver = reviver
      self.door = door
      do throws(RunnerError) {
        details = try Blocking.wait { () throws(RunnerError) in try await door.details() }
      } catch {
        reviver?.close()
        throw error
      }
    } catch {
      throw Failure(error)
    }
  }

  /// The run as its journal tells it now, and the id of the last entry that was read.
  func state() throws(Failure) -> (state: RunState, lastID: String) {
    let (door, workflow) = (door, workflow)
    return try wait { () throws(RunnerError) in try await door.state(of: workflow) }
  }

  func close() {
    try? wait { [door] () throws(RunnerError) in await door.disconnect() }
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
