import Workflow

/// What comes after some tasks: what a retry would make anew, and what waits for them.
public struct Downstream: Sendable, Equatable {
  /// Tasks that fired with their outputs, directly or not, in the order in which they fired.
  public var fired: [FiringID] = []
  /// How many tasks wait behind them, by stage, in the order of stages; none of them has fired.
  public var waiting: [StageCount] = []

  public init() {}

  public var waitingCount: Int { waiting.reduce(0) { $0 + $1.count } }
  public var isEmpty: Bool { fired.isEmpty && waiting.isEmpty }
}

/// A number of tasks of one stage.
public struct StageCount: Sendable, Equatable {
  /// The place in `graph.stages`.
  public let stage: Int
  public let count: Int

  public init(stage: Int, count: Int) {
    self.stage = stage
    self.count = count
  }
}

extension RunState {
  /// What comes after some tasks. Tasks that were sent back to wait for new outputs count among
  /// those that wait no more than once: they are in `fired`.
  public func downstream(of tasks: [FiringID]) -> Downstream {
    var result = Downstream()
    result.fired = lineage.descendants(of: tasks)
    result.waiting = waiting(behind: tasks + result.fired)
    return result
  }

  /// The tasks whose outputs a task ran with, by process and firing.
  public func upstream(of task: FiringID) -> [FiringID] { lineage.parents(of: task) }

  /// How many of the tasks are in which stage, in the order of stages.
  public func stageCounts(of tasks: [FiringID]) -> [StageCount] {
    var counts: [Int: Int] = [:]
    for task in tasks where graph.stageOf.indices.contains(task.process.index) {
      counts[graph.stageOf[task.process.index], default: 0] += 1
    }
    return Self.sorted(counts)
  }

  /// Counts the tasks of the processes that can be reached through processes which have tasks left
  /// to fire. Which instance goes to which firing is not known before: it is all of them.
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
