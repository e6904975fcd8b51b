internal import Engine
internal import Workflow

/// The output that the log pane shows.
enum LogTarget: Equatable {
  case nothing
  case attempt(AttemptID)
  /// An earlier attempt on the left, a later one on the right.
  case sideBySide(AttemptID, AttemptID)
  /// The tasks of a stage, by its index.
  case stage(Int)
  case run

  var isMerged: Bool {
    switch self {
    case .stage, .run: true
    case .nothing, .attempt, .sideBySide: false
    }
  }

  /// The attempt of the log; the later one of two.
  var attempt: AttemptID? {
    switch self {
    case .attempt(let attempt), .sideBySide(_, let attempt): attempt
    case .nothing, .stage, .run: nil
    }
  }

  var attempts: [AttemptID] {
    switch self {
    case .attempt(let attempt): [attempt]
    case .sideBySide(let one, let other): [one, other]
    case .nothing, .stage, .run: []
    }
  }
}

extension LogTarget {
  /// How many attempts of a merged log are read from their beginning.
  static let backlogLimit = 200

  func subscription(_ run: RunState) -> LogSubscription {
    switch self {
    case .nothing, .attempt, .sideBySide: return .attempts(attempts)
    case .stage(let index):
      let processes = run.graph.stages[index].processes
      return .processes(Set(processes), backlog: Self.latest(processes, run))
    case .run:
      let processes = run.workflow.processes.map(\.id)
      return .processes(nil, backlog: Self.latest(processes, run))
    }
  }

  /// The attempts that started last, in order.
  private static func latest(_ processes: [ProcessID], _ run: RunState) -> [AttemptID] {
    var started: [(time: Int, attempt: AttemptID)] = []
    for process in processes {
      for task in run.processes[process.index].tasks {
        for attempt in task.attempts {
          if let time = attempt.startedAt ?? attempt.endedAt {
            started.append((time, AttemptID(task.id, attempt.number)))
          }
        }
      }
    }
    // With many attempts, select the latest without sorting all.
    if started.count > 4 * backlogLimit {
      let times = started.map(\.time).sorted(by: >)
      let oldest = times[backlogLimit]
      started.removeAll { $0.time < oldest }
    }
    started.sort { ($0.time, $0.attempt.firing) < ($1.time, $1.attempt.firing) }
    return started.suffix(backlogLimit).map(\.attempt)
  }
}
