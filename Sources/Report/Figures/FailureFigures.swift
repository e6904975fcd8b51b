public import Engine
import Workflow

/// Failed tasks with the same cause and error signature, and the output of one of them.
public struct FailureFigures: Sendable, Equatable {
  /// `exit 1`, `out of memory`.
  public let cause: String
  /// The last line with numbers and paths masked; empty without output.
  public let signature: String
  /// The number of tasks; `tasks` names the first ones.
  public let count: Int
  public let tasks: [String]
  /// For example `mDiffFit × 412`, by stage.
  public let stages: [(name: String, count: Int)]
  /// When the first and the last of them failed.
  public let failedAt: ClosedRange<Int>
  /// How many tasks wait for them.
  public let waitingBehind: Int
  /// The task that printed `tail`.
  public let example: String?
  public let tail: OutputTail?

  /// How many tasks are named.
  static let nameLimit = 12

  init(_ group: FailureGroup, in run: RunState, tails: [FiringID: OutputTail]) {
    cause = group.key.cause
    signature = group.key.signature.text
    count = group.count
    tasks = group.tasks.prefix(Self.nameLimit).map(run.label)
    stages = group.stages.map { (run.graph.stages[$0.stage].name, $0.count) }
    failedAt = group.failedAt
    waitingBehind = run.downstream(of: group.tasks).waitingCount
    let example = group.tasks.first { tails[$0] != nil }
    self.example = example.map(run.label)
    tail = example.flatMap { tails[$0] }
  }

  /// The tasks whose output a report shows: the first of each group, and a second one in case
  /// the first has none.
  public static func examples(in run: RunState, groupLimit: Int = 50) -> [FiringID] {
    run.failureGroups.prefix(groupLimit).flatMap { $0.tasks.prefix(2) }
  }

  public static func == (left: Self, right: Self) -> Bool {
    left.cause == right.cause && left.signature == right.signature && left.tasks == right.tasks
      && left.count == right.count && left.tail == right.tail
  }
}
