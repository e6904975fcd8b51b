internal import Engine
internal import JobProtocol
internal import Workflow

/// The criterion by which rows are grouped.
enum TaskGrouping: String, CaseIterable, Sendable {
  case none, stage, cause, host, error

  var next: TaskGrouping {
    let all = Self.allCases
    return all[((all.firstIndex(of: self) ?? 0) + 1) % all.count]
  }
}

/// The common property of a group's tasks.
enum TaskGroupKey: Hashable, Sendable {
  /// The index in `graph.stages`.
  case stage(Int)
  case cause(String)
  case host(String)
  case error(FailureGroup.Key)
  /// Tasks without a cause or host.
  case others

  init(_ grouping: TaskGrouping, _ firing: FiringID, _ run: RunState) {
    let record = run.task(firing)
    switch grouping {
    case .none: self = .others
    case .stage: self = .stage(run.graph.stageOf[firing.process.index])
    case .cause: self = (record?.failureKey?.cause).map { .cause($0) } ?? .others
    case .host: self = (record?.lastAttempt?.executor?.host).map { .host($0) } ?? .others
    case .error: self = (record?.failureKey).map { .error($0) } ?? .others
    }
  }

  func title(_ run: RunState) -> String {
    switch self {
    case .stage(let stage): run.graph.stages[guarding: stage]?.name.displayName ?? ""
    case .cause(let cause): cause.displayName
    case .host(let host): host.displayName
    case .error(let key): "\(key.cause)  \(key.signature)".displayName
    case .others: "others"
    }
  }
}

/// A line of the table for a group.
struct TaskGroup: Sendable {
  let key: TaskGroupKey
  /// In the order of the table.
  var rows: [Int32] = []
  var counts = TaskCounts()
  let place: Int

  /// Groups in the order of the table: stages as in the graph; otherwise by size, with
  /// failures first; hosts by name.
  static func sorted(_ groups: [TaskGroup], _ run: RunState) -> [TaskGroup] {
    func rank(_ group: TaskGroup) -> (Int, Int, NaturalText, Int) {
      switch group.key {
      case .stage(let stage): (0, stage, NaturalText(""), 0)
      case .host(let host): (0, 0, NaturalText(host), group.place)
      case .cause, .error: (0, -group.rows.count, NaturalText(""), group.place)
      case .others: (1, 0, NaturalText(""), 0)
      }
    }
    return groups.map { (rank($0), $0) }.sorted { $0.0 < $1.0 }.map(\.1)
  }
}
