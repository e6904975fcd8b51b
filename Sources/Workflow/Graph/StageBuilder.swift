import JSONValue

/// Groups processes of one name and level into stages, and connects the stages by their
/// signals.
enum StageBuilder {
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
      let key = Key(name: ExactText(workflow.processes[id.index].name), level: levels[id.index])
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

  /// For each signal, all pairs of a producer's and a consumer's stage.
  static func connect(
    _ stages: inout [WorkflowGraph.Stage], _ stageOf: [Int], of workflow: Workflow
  ) {
    var successors = [Set<Int>](repeating: [], count: stages.count)
    for index in workflow.signals.indices {
      let signal = SignalID(number: index + 1)
      let (consumers, producers) = (workflow.consumers(of: signal), workflow.producers(of: signal))
      if let producer = producers.first, producers.count == 1 {
        let source = stageOf[producer.index]
        for consumer in consumers { successors[source].insert(stageOf[consumer.index]) }
        continue
      }
      let targets = Set(consumers.lazy.map { stageOf[$0.index] })
      for source in Set(producers.lazy.map({ stageOf[$0.index] })) {
        successors[source].formUnion(targets)
      }
    }
    for (source, targets) in successors.enumerated() {
      stages[source].successors = targets.sorted()
      for target in targets { stages[target].predecessors.append(source) }
    }
  }
}
