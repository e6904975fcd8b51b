import JobProtocol
import Posix
import Runner

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
  static func isThere(_ run: FoundRun, copy: [UInt8]) -> Bool {
    let path = run.description.workflowPath
    guard run.directory != nil, Files.isRegular(path), let now = try? Files.read(path) else {
      return false
    }
    return now != copy
  }
}
