import Engine
import JobProtocol
import Workflow

/// What a command asks of an engine, decided from how the run stands.
struct ControlDeed {
  var requests: [ControlRequest]
  var awaited: Awaited
  /// What is passed over, and why.
  var notes: [String] = []

  /// There is nothing to ask for.
  static func nothing(_ notes: [String]) -> ControlDeed {
    ControlDeed(requests: [], awaited: Awaited([]) { _ in nil }, notes: notes)
  }
}

extension TaskState {
  /// What a sentence about a task says: `is running`, `succeeded`, `was skipped`.
  var sentence: String {
    switch self {
    case .succeeded, .failed: "\(self)"
    case .held, .skipped, .cancelled: "was \(self)"
    case .retrying: "is to be retried"
    case .waiting: "waits for signals"
    case .ready, .queued, .running, .lost: "is \(self)"
    }
  }
}

/// Splits tasks into those that a command applies to and a line about the others.
struct TaskSelection {
  private(set) var chosen: [FiringID] = []
  private(set) var notes: [String] = []

  /// `refusal` says why a task is passed over; `nil` takes it.
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
