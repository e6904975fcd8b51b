import Posix
import Runs

/// Notices about where a run's files and jobs are. Each is journaled once for each run.
struct StartNotices {
  /// The directory of the run's own files.
  let directory: RunDirectory
  /// The directory in which its jobs run.
  let workDirectory: String

  var texts: [String] {
    [places, SearchPath.risk(in: Environment["PATH"] ?? "")].compactMap { $0 }
  }

  /// One notice for all directories that cannot be written.
  private var places: String? {
    let own = directory.refusedPlace
    let logs = logObstacle
    var parts: [String] = []
    if let own {
      parts.append(
        "\(own.path) cannot be used (\(own.reason)): the run's own files are in \(directory.path)")
    }
    if let logs {
      let isReported = own?.path == logs.subject
      let notice = "the output of jobs is not kept in files, only in Redis as far as there is space"
      parts.append(
        isReported ? notice : "\(logs.subject) cannot be used (\(logs.reason)): \(notice)")
      parts.append("HF_VAR_LOG_DIR names another directory for them")
    }
    return parts.isEmpty ? nil : parts.joined(separator: "; ")
  }

  /// Why executors on this host cannot write their files.
  private var logObstacle: PosixError? {
    let given = Environment["HF_VAR_LOG_DIR"] ?? ""
    guard given.isEmpty else { return Files.obstacle(to: Files.join(workDirectory, given)) }
    let place = GuardedPath("logs-hf", below: workDirectory)
    return place.refusal ?? Files.obstacle(to: place.path)
  }
}
