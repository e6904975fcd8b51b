/// The workflow as a drawing: successors, layers, stages.
///
/// A signal with m producers and n consumers stands for m × n edges between processes. So the
/// analysis walks the graph whose nodes are processes *and* signals, with one edge for each
/// input and output. It is linear in the size of the file.
///
/// Cycles are allowed. A depth-first walk, from processes without predecessors and then in file
/// order, finds the backward edges; without them the graph has layers. `next` and `done` do not
/// affect the layers.
public struct WorkflowGraph: Sendable {
  /// `levels[id.number - 1]`: the number of processes on the longest path to the process; 0
  /// at the start.
  public let levels: [Int]
  /// By level, then in file order: predecessors first, except in cycles.
  public let topologicalOrder: [ProcessID]
  /// The processes of one name and level, in topological order (level, then first process).
  public let stages: [Stage]
  /// `stageOf[id.number - 1]`: the index of the stage of a process.
  public let stageOf: [Int]
}

extension WorkflowGraph {
  /// A row of the graph pane: the processes with one name and level.
  public struct Stage: Sendable, Equatable {
    public let index: Int
    public let name: String
    public let level: Int
    /// In file order.
    public let processes: [ProcessID]
    /// The stages that consume signals of this one, ascending. In a cycle, an edge leads to
    /// the stage itself or to a smaller index; all other edges lead to larger ones.
    public internal(set) var successors: [Int] = []
    /// The stages whose signals this one consumes, ascending.
    public internal(set) var predecessors: [Int] = []
  }
}

extension Workflow {
  /// Analyses the graph. Costs about as much as decoding the file, so keep the result.
  public func graph() -> WorkflowGraph {
    let levels = LevelComputation.levels(of: self)
    let order = Self.sorted(levels)
    var stages = StageBuilder.stages(of: self, levels: levels, order: order)
    StageBuilder.connect(&stages.stages, stages.stageOf, of: self)
    return WorkflowGraph(
      levels: levels, topologicalOrder: order, stages: stages.stages, stageOf: stages.stageOf)
  }

  /// The processes that consume the process's outputs, ascending; each once.
  public func successors(of process: ProcessID) -> [ProcessID] {
    Set(self[process].outputs.lazy.flatMap { consumers(of: $0.signal) }).sorted()
  }

  /// The processes that produce the process's inputs, ascending; each once.
  public func predecessors(of process: ProcessID) -> [ProcessID] {
    Set(self[process].inputs.lazy.flatMap { producers(of: $0.signal) }).sorted()
  }

  /// By level, then by number (counting sort).
  private static func sorted(_ levels: [Int]) -> [ProcessID] {
    var byLevel = [[ProcessID]](repeating: [], count: (levels.max() ?? -1) + 1)
    for (index, level) in levels.enumerated() {
      byLevel[level].append(ProcessID(number: index + 1))
    }
    return byLevel.flatMap { $0 }
  }
}
