/// The workflow seen as a drawing: who follows whom, in which layer, folded into stages.
///
/// A signal with m producers and n consumers stands for m × n edges between processes. So the
/// analysis walks the graph whose nodes are processes *and* signals, which has an edge per input
/// and output and nothing more; it is linear in the size of the file.
///
/// Cycles are legal. A depth-first walk, from the processes that nothing precedes and then in file
/// order, finds the edges that lead back to where the walk came from; without them the graph has
/// layers. `next` and `done` steer a process from behind, so they are left out of the layering.
public struct WorkflowGraph: Sendable {
  /// `levels[id.number - 1]`: processes on the longest path that leads to the process; 0 at the
  /// start.
  public let levels: [Int]
  /// By level, then in file order: what a process needs stands before it, cycles apart.
  public let topologicalOrder: [ProcessID]
  /// The processes of one name and level, in topological order (level, then first process).
  public let stages: [Stage]
  /// `stageOf[id.number - 1]`: the index of the stage of a process.
  public let stageOf: [Int]
}

extension WorkflowGraph {
  /// What one row of the graph pane shows.
  public struct Stage: Sendable, Equatable {
    public let index: Int
    public let name: String
    public let level: Int
    /// In file order.
    public let processes: [ProcessID]
    /// The stages that get signals from this one, ascending. A cycle leads back: to itself or to a
    /// stage with a smaller index; all other edges lead to a larger one.
    public internal(set) var successors: [Int] = []
    /// The stages that this one gets signals from, ascending.
    public internal(set) var predecessors: [Int] = []
  }
}

extension Workflow {
  /// Analyses the graph. Costs about as much as decoding the file did: keep the result.
  public func graph() -> WorkflowGraph {
    let levels = LevelWalk.levels(of: self)
    let order = Self.sorted(levels)
    var stages = StageFold.stages(of: self, levels: levels, order: order)
    StageFold.connect(&stages.stages, stages.stageOf, of: self)
    return WorkflowGraph(
      levels: levels, topologicalOrder: order, stages: stages.stages, stageOf: stages.stageOf)
  }

  /// The processes that consume what the process emits, ascending; each once.
  public func successors(of process: ProcessID) -> [ProcessID] {
    Set(self[process].outputs.lazy.flatMap { consumers(of: $0.signal) }).sorted()
  }

  /// The processes that emit what the process consumes, ascending; each once.
  public func predecessors(of process: ProcessID) -> [ProcessID] {
    Set(self[process].inputs.lazy.flatMap { producers(of: $0.signal) }).sorted()
  }

  /// By level, then by number: a counting sort.
  private static func sorted(_ levels: [Int]) -> [ProcessID] {
    var byLevel = [[ProcessID]](repeating: [], count: (levels.max() ?? -1) + 1)
    for (index, level) in levels.enumerated() {
      byLevel[level].append(ProcessID(number: index + 1))
    }
    return byLevel.flatMap { $0 }
  }
}
