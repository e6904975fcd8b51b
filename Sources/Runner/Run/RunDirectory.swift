import Glibc
public import JobProtocol
public import Posix
import Redis

/// Where a run keeps what belongs to it: `.hflow/runs/<run>/` beside the workflow, or below
/// `$XDG_STATE_HOME/hflow-tui/` where that cannot be written.
///
/// | name | what |
/// |---|---|
/// | `redis/` | the append-only file of the run's own Redis |
/// | `redis.log`, `engine.log`, `worker.log` | what they have to say |
/// | `executors/` | what one-shot executors print |
/// | `unreported/` | ends of jobs that executors of this host could not report before they died |
/// | `node-host.js`, `node.log` | the program that calls functions in JavaScript, its own words |
/// | `run.json` | workflow, start, where Redis is (its own with the password) |
/// | `status.json` | how it stood when it last settled, see `RunStatusFile` |
/// | `lookers.lock` | shared by those who look at it, see `RunReviver` |
/// | `socket` | a link to the socket of its own Redis, which lies elsewhere |
public struct RunDirectory: Sendable {
  public let path: String

  public init(path: String) { self.path = path }

  public var engineLog: String { Files.join(path, "engine.log") }
  public var workerLog: String { Files.join(path, "worker.log") }
  public var redisLog: String { Files.join(path, "redis.log") }
  public var redisData: String { Files.join(path, "redis") }
  public var lookersLock: String { Files.join(path, "lookers.lock") }
  public var executorLogs: String { Files.join(path, "executors") }
  public var unreportedEnds: String { Files.join(path, "unreported") }
  func javaScript(runningIn directory: String) -> JavaScriptHost.Place {
    JavaScriptHost.Place(
      directory: directory, scriptPath: Files.join(path, "node-host.js"),
      logPath: Files.join(path, "node.log"))
  }
  public var description: String { Files.join(path, "run.json") }

  /// Makes the directory of a new run of a workflow in `workflowDirectory`.
  public static func create(
    for run: RunID, workflowDirectory: String, stateHome: String = Self.stateHome()
  ) throws(RunnerError) -> RunDirectory {
    let places = [
      Files.join(workflowDirectory, ".hflow/runs"), Files.join(stateHome, "hflow-tui/runs"),
    ]
    for place in places {
      let directory = RunDirectory(path: Files.join(place, "\(run)"))
      if (try? Files.makeDirectory(directory.path, mode: 0o700)) != nil,
        access(directory.path, W_OK) == 0
      {
        return directory
      }
    }
    throw RunnerError(
      .infrastructure,
      "no place for the run's files: \(places.joined(separator: " and ")) cannot be written; "
        + "set XDG_STATE_HOME to a directory that can")
  }

  /// Where a workflow's runs are and may not be looked at, for they are another user's.
  public static func denied(workflowDirectory: String) -> String? {
    let place = Files.join(workflowDirectory, ".hflow/runs")
    return Files.isDenied(place) ? place : nil
  }

  /// The directories of all runs that belong to a workflow directory, newest first.
  public static func all(
    workflowDirectory: String, stateHome: String = Self.stateHome()
  ) -> [RunDirectory] {
    let places = [
      Files.join(workflowDirectory, ".hflow/runs"), Files.join(stateHome, "hflow-tui/runs"),
    ]
    let found = places.flatMap { place in
      Files.list(place).map { RunDirectory(path: Files.join(place, $0)) }
    }
    return found.sorted { $0.modified > $1.modified }
  }

  /// The directory of a run that exists.
  public static func of(
    _ run: RunID, workflowDirectory: String, stateHome: String = Self.stateHome()
  ) -> RunDirectory? {
    all(workflowDirectory: workflowDirectory, stateHome: stateHome)
      .first { Files.name(of: $0.path) == run.text }
  }

  private var modified: Int {
    var info = stat()
    return stat(description, &info) == 0 ? info.st_mtim.tv_sec * 1000 : 0
  }

  /// Where a user's programs keep their state; a relative XDG_STATE_HOME counts as none.
  public static func stateHome(
    given: String? = Environment["XDG_STATE_HOME"], home: String? = Environment["HOME"]
  ) -> String {
    Environment.stateHome(given: given, home: home)
  }
}
