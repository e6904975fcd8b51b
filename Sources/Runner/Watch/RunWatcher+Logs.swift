import Engine
import JobProtocol
import Workflow

extension RunWatcher.Details {
  /// The attempt whose output is in a channel or stream; `nil` if it is another run's.
  func attempt(ofLog key: String) -> AttemptID? {
    let lead = RunKeys.log(job: "\(run):")
    guard key.hasPrefix(lead), let job = JobID(parsing: "\(run):\(key.dropFirst(lead.count))"),
      job.task.workflow == workflowNumber,
      workflow.processes.indices.contains(job.task.process - 1)
    else { return nil }
    let firing = FiringID(ProcessID(number: job.task.process), job.task.firing)
    return AttemptID(firing, job.attempt)
  }

  /// Matches the log of every job of the run.
  var logPattern: String { RunKeys.log(job: "\(run):*") }
}
