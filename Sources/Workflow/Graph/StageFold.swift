import JSONValue

/// Folds processes of one name and level into stages and joins those by their signals.
enum StageFold {
  private struct Key: Hashable {
    let name: ExactText
    let level: Int
  }

  static func stages(
    of workflow: Workflow, levels: [Int], order: [ProcessID]
  ) -> (stages: [WorkflowGraph.Stage], stageOf: [Int]) {
    var members: [[ProcessID]] = []
    var stageOf = Array(repeating: 0, count: levels.count)
    var known: [Key: Int] = [:]
    for id in order {
      let key = Key(name: ExactText(workflow[id].name), level: levels[id.index])
      let stage = known[key] ?? members.count
      if stage == members.count {
        known[key] = stage
        members.append([])
      }
      members[stage].append(id)
      stageOf[id.index] = stage
    }
    let stages = members.enumerated().map { index, processes in
      WorkflowGraph.Stage(
        index: index, name: workflow[processes[0]].name, level: levels[processes[0].index],
        processes: processes)
    }
    return (stages, stageOf)
  }

  /// Per signal the stages of its producers and consumers, each once, then all their pairs.
  static func connect(
    _ stages: inout [WorkflowGraph.Stage], _ stageOf: [Int], of workflow: Workflow
  ) {
    var successors = [Set<Int>](repeating: [], count: stages.count)
    for signal in workflow.signals {
      let targets = Set(workflow.consumers(of: signal.id).lazy.map { stageOf[$0.index] })
      for source in Set(workflow.producers(of: signal.id).lazy.map({ stageOf[$0.index] })) {
        successors[source].formUnion(targets)
      }
    }
    for (source, targets) in successors.enumerated() {
      stages[source].successors = targets.sorted()
      for target in targets { stages[target].predecessors.append(source) }
    }
  }
}
