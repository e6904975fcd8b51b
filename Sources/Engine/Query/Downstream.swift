import Workflow

/// The tasks downstream of others: those that a retry would run again, and those that wait.
public struct Downstream: Sendable, Equatable {
  /// Tasks that have used their outputs, directly or not, in the order of firing.
  public var fired: [FiringID] = []
  /// How many tasks that have not fired wait for them, by stage.
  public var waiting: [StageCount] = []

  public init() {}

  public var waitingCount: Int { waiting.reduce(0) { $0 + $1.count } }
  public var isEmpty: Bool { fired.isEmpty && waiting.isEmpty }
}

/// A number of tasks of one stage.
public struct StageCount: Sendable, Equatable {
  /// The index in `graph.stages`.
  public let stage: Int
  public let count: Int

  public init(stage: Int, count: Int) {
    self.stage = stage
    self.count = count
  }
}

extension RunState {
  /// The tasks downstream of some tasks. Reset tasks count only in `fired`.
  public func downstream(of tasks: [FiringID]) -> Downstream {
    var result = Downstream()
    result.fired = lineage.descendants(of: tasks)
    result.waiting = waiting(behind: tasks + result.fired)
    return result
  }

  /// The tasks whose outputs a task used, by process and firing.
  public func upstream(of task: FiringID) -> [FiringID] { lineage.parents(of: task) }

  /// The number of tasks in each stage, in stage order.
  public func stageCounts(of tasks: [FiringID]) -> [StageCount] {
    var counts: [Int: Int] = [:]
    for task in tasks where graph.stageOf.indices.contains(task.process.index) {
      counts[graph.stageOf[task.process.index], default: 0] += 1
    }
    return Self.sorted(counts)
  }

  /// Counts the remaining tasks of all processes that can be reached through processes with
  /// remaining tasks. Which instance goes to which firing is unknown, so all count.
  private func waiting(behind tasks: [FiringID]) -> [StageCount] {
    var isSeen = [Bool](repeating: false, count: processes.count)
    var counts: [Int: Int] = [:]
    var front = Set(tasks.lazy.map(\.process)).filter { processes.indices.contains($0.index) }
      .sorted()
    while let process = front.popLast() {
      for output in workflow[process].outputs {
        for consumer in workflow.consumers(of: output.signal) where !isSeen[consumer.index] {
          isSeen[consumer.index] = true
          let waiting = processes[consumer.index].waiting
          guard waiting > 0 else { continue }
          counts[graph.stageOf[consumer.index], default: 0] += waiting
          front.append(consumer)
        }
      }
    }
    return Self.sorted(counts)
  }

  private static func sorted(_ counts: [Int: Int]) -> [StageCount] {
    counts.sorted { $0.key < $1.key }.map { StageCount(stage: $0.key, count: $0.value) }
  }
}
