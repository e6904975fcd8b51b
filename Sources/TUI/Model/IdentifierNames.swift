internal import Engine
internal import JobProtocol
internal import Workflow

extension ProcessID {
  /// The index in arrays of all processes.
  var index: Int { number - 1 }
}

extension FiringID {
  var reference: TaskReference { TaskReference(process: process.number, firing: number) }
}

extension RunState {
  /// A task's label, safe to show; its numbers if the workflow has no such process, because
  /// journals are not trusted.
  func label(_ firing: FiringID) -> String {
    guard workflow.processes.indices.contains(firing.process.index) else {
      return "\(firing.process.number):\(firing.number)"
    }
    return workflow.label(process: firing.process, firing: firing.number).displayName
  }

  /// The attempt whose output to show for a task.
  func lastAttempt(of firing: FiringID) -> AttemptID? {
    task(firing)?.lastAttempt.map { AttemptID(firing, $0.number) }
  }
}

extension TaskAppearance {
  init(_ state: TaskState) {
    switch state {
    case .waiting: self = .waiting
    case .held: self = .held
    case .ready: self = .ready
    case .submitted: self = .submitted
    case .queued: self = .queued
    case .starting: self = .starting
    case .running: self = .running
    case .retrying: self = .retrying
    case .succeeded: self = .succeeded
    case .failed: self = .failed
    case .lost: self = .lost
    case .skipped: self = .skipped
    case .cancelled: self = .cancelled
    }
  }
}
