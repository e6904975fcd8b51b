public import JobProtocol

/// Failed tasks with the same cause and error signature, which one action can fix.
public struct FailureGroup: Sendable, Equatable {
  /// The common properties of a group.
  public struct Key: Sendable, Hashable {
    /// The cause in a few words, as ``FailureCause/summary``: `exit 1`.
    public let cause: String
    public let signature: ErrorSignature
  }

  public let key: Key
  /// The cause of its first task.
  public let cause: FailureCause
  /// The tasks by process and firing.
  public let tasks: [FiringID]
  /// How many of them have a scheduled retry.
  public let scheduledCount: Int
  /// Their number in each stage.
  public let stages: [StageCount]
  /// When the first and the last of them failed.
  public let failedAt: ClosedRange<Int>

  /// A filter that matches its tasks; for a group without a signature, also tasks that have
  /// one.
  public var filterText: String {
    let number =
      switch cause {
      case .exit, .signal: ":\(cause.argument)"
      default: ""
      }
    let states = "state:failed,lost,cancelled,retrying cause:\(cause.word)\(number)"
    guard !key.signature.isEmpty else { return states }
    return "\(states) signature:\(TaskFilter.quoted(key.signature.text))"
  }

  public var count: Int { tasks.count }
  /// How many of them have no scheduled retry.
  public var stuckCount: Int { tasks.count - scheduledCount }
}

extension TaskRecord {
  /// The group of a failed, lost or cancelled task, or of one with a scheduled retry.
  public var failureKey: FailureGroup.Key? {
    guard state.needsAttention || state == .retrying, let cause, let errorSignature else {
      return nil
    }
    return FailureGroup.Key(cause: cause.summary, signature: errorSignature)
  }
}

extension RunState {
  /// All failed tasks in groups, see ``FailureIndex/groups(_:)``.
  public var failureGroups: [FailureGroup] { FailureIndex(self).groups(self) }
}

/// Keeps failed tasks in groups, event by event.
public struct FailureIndex: Sendable {
  /// Changes whenever a task joins or leaves a group.
  public private(set) var generation = 0
  private var keys: [FiringID: FailureGroup.Key] = [:]
  private var members: [FailureGroup.Key: Set<FiringID>] = [:]

  public init(_ run: RunState) {
    for process in run.processes {
      for task in process.tasks { touch(task.id, run) }
    }
  }

  public var taskCount: Int { keys.count }

  /// Applies an event that `run` has already applied.
  public mutating func follow(_ change: RunEvent.Change, _ run: RunState) {
    if let firing = change.firing { touch(firing, run) }
  }

  public func key(of firing: FiringID) -> FailureGroup.Key? { keys[firing] }

  /// The largest group first, then by start; cancelled tasks last.
  public func groups(_ run: RunState) -> [FailureGroup] {
    let groups = members.compactMap { key, tasks in
      Self.group(key, tasks.sorted(), run)
    }
    return groups.sorted { Self.rank($0) < Self.rank($1) }
  }

  private mutating func touch(_ firing: FiringID, _ run: RunState) {
    let (before, now) = (keys[firing], run.task(firing)?.failureKey)
    if before == nil, now == nil { return }
    generation += 1
    guard before != now else { return }
    if let before {
      members[before]?.remove(firing)
      if members[before]?.isEmpty == true { members[before] = nil }
    }
    keys[firing] = now
    if let now { members[now, default: []].insert(firing) }
  }

  private static func group(
    _ key: FailureGroup.Key, _ tasks: [FiringID], _ run: RunState
  ) -> FailureGroup? {
    let records = tasks.compactMap { run.task($0) }
    guard let cause = records.first?.cause else { return nil }
    let times = records.compactMap { $0.lastAttempt?.endedAt }
    return FailureGroup(
      key: key, cause: cause, tasks: tasks,
      scheduledCount: records.count { $0.state == .retrying }, stages: run.stageCounts(of: tasks),
      failedAt: (times.min() ?? 0)...(times.max() ?? 0))
  }

  private static func rank(_ group: FailureGroup) -> (Int, Int, Int, FiringID) {
    let isCancelled = group.cause == .cancelled ? 1 : 0
    return (isCancelled, -group.count, group.failedAt.lowerBound, group.tasks[0])
  }
}
