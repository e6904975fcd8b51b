import JobProtocol
import Posix
import Runner

/// A workflow file that is no longer what a run was started with. The run keeps its copy, which is
/// not what somebody expects who has mended the file.
enum WorkflowChange {
  static func note(_ run: RunID, _ path: String) -> String {
    let directory = Files.parent(of: path)
    return "note: \(Files.name(of: path)) has changed since run \(run.short) began, and the run "
      + "keeps its copy: hflow-tui retry \(run.short) TASK --command TEXT changes a task of this "
      + "run, hflow-tui run \(directory) starts a new one with the changed file"
  }

  /// Whether the file of a run here differs from the run's copy. What is not here is not compared.
  static func isThere(_ run: FoundRun, copy: [UInt8]) -> Bool {
    let path = run.description.workflowPath
    guard run.directory != nil, Files.isRegular(path), let now = try? Files.read(path) else {
      return false
    }
    return now != copy
  }
}
