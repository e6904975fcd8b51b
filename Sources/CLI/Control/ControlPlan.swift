import Engine
import JobProtocol
import Workflow

/// The requests of a command, and how to recognise that the engine has carried them out.
struct ControlPlan {
  var requests: [ControlRequest]
  var confirmation: Confirmation
  /// Lines about tasks to which the command does not apply.
  var notes: [String] = []

  /// No requests.
  static func nothing(_ notes: [String]) -> ControlPlan {
    ControlPlan(requests: [], confirmation: Confirmation([]) { _ in nil }, notes: notes)
  }
}

extension TaskState {
  /// The state as part of a sentence: `is running`, `succeeded`, `was skipped`.
  var sentence: String {
    switch self {
    case .succeeded, .failed: "\(self)"
    case .held, .skipped, .cancelled: "was \(self)"
    case .retrying: "is waiting for its retry"
    case .waiting: "is waiting for its inputs"
    case .ready, .submitted, .queued, .starting, .running, .lost: "is \(self)"
    }
  }
}

/// Splits tasks into those that a command applies to and notes about the others.
struct TaskSelection {
  private(set) var chosen: [FiringID] = []
  private(set) var notes: [String] = []

  /// `refusal` returns why the command does not apply to a task, or `nil` if it does.
  init(_ tasks: [FiringID], in run: RunState, refusal: (TaskState, FiringID) -> String?) {
    var refused: [(reason: String, tasks: [FiringID])] = []
    for task in tasks {
      guard let reason = refusal(run.state(of: task), task) else {
        chosen.append(task)
        continue
      }
      if let place = refused.firstIndex(where: { $0.reason == reason }) {
        refused[place].tasks.append(task)
      } else {
        refused.append((reason, [task]))
      }
    }
    notes = refused.map { reason, tasks in
      let names = tasks.prefix(3).map { run.label($0) }.joined(separator: ", ")
      let more = tasks.count > 3 ? " and \(tasks.count - 3) more" : ""
      return "\(names)\(more): \(reason)"
    }
  }

  var references: [TaskReference] {
    chosen.map { TaskReference(process: $0.process.number, firing: $0.number) }
  }
}
