internal import Workflow

extension NodeGraph {
  /// Stages; the processes of open stages are nodes of their own.
  init(_ workflow: Workflow, _ graph: WorkflowGraph, opened: Set<Int> = []) {
    var nodes: [Node] = []
    var nodeOf = [Int32](repeating: 0, count: workflow.processes.count)
    for stage in graph.stages {
      let isOpened = opened.contains(stage.index)
      if !isOpened { nodes.append(.stage(stage.index)) }
      for process in stage.processes {
        if isOpened { nodes.append(.process(process)) }
        nodeOf[process.index] = Int32(nodes.count - 1)
      }
    }
    self.init(workflow, graph, nodes, nodeOf)
  }

  /// Processes only, all or some.
  init(_ workflow: Workflow, _ graph: WorkflowGraph, only processes: ProcessSet?) {
    var nodes: [Node] = []
    var nodeOf = [Int32](repeating: -1, count: workflow.processes.count)
    for process in graph.topologicalOrder where processes?.contains(process) ?? true {
      nodeOf[process.index] = Int32(nodes.count)
      nodes.append(.process(process))
    }
    self.init(workflow, graph, nodes, nodeOf)
  }

  /// `nodeOf[id.index]` is the node of a process; -1 if it is left out.
  private init(_ workflow: Workflow, _ graph: WorkflowGraph, _ nodes: [Node], _ nodeOf: [Int32]) {
    let levels = nodes.map { node in
      switch node {
      case .stage(let stage): graph.stages[stage].level
      case .process(let process): graph.levels[process.index]
      }
    }
    var builder = NetBuilder(levels: levels)
    for index in workflow.signals.indices {
      let signal = SignalID(number: index + 1)
      let sources = workflow.producers(of: signal).compactMap { Self.node($0, nodeOf) }
      let targets = workflow.consumers(of: signal).compactMap { Self.node($0, nodeOf) }
      builder.join(sources, targets, workflow.signals[index].control)
    }
    self.init(nodes: nodes, levels: levels, nets: builder, nodeOfProcess: nodeOf)
  }

  private static func node(_ process: ProcessID, _ nodeOf: [Int32]) -> Int? {
    let node = nodeOf[process.index]
    return node < 0 ? nil : Int(node)
  }

  /// The graph without nodes that are more than `hops` steps away.
  func neighbourhood(of node: Int, hops: Int) -> NodeGraph {
    var isNear = [Bool](repeating: false, count: nodes.count)
    isNear[node] = true
    var edge = [node]
    for _ in 0..<hops {
      var next: [Int] = []
      for node in edge {
        let before = inputs[node].flatMap { nets[$0].sources }
        let after = outputs[node].flatMap { nets[$0].targets }
        for other in before + after where !isNear[other] {
          isNear[other] = true
          next.append(other)
        }
      }
      edge = next
    }
    return keeping(isNear)
  }

  /// The nodes upstream or downstream, nearest first, at most `limit`. Backward edges are
  /// ignored.
  func reach(from node: Int, downwards: Bool, limit: Int) -> Set<Int> {
    var found: Set<Int> = []
    var seen: Set<Int> = []
    var edge = [node]
    while !edge.isEmpty {
      var next: [Int] = []
      for node in edge {
        for net in downwards ? Array(outputs[node]) : Array(inputs[node])
        where !nets[net].kind.leadsBack && seen.insert(net).inserted {
          for other in downwards ? nets[net].targets : nets[net].sources
          where found.insert(other).inserted {
            next.append(other)
            if found.count >= limit { return found }
          }
        }
      }
      edge = next
    }
    return found
  }

  private func keeping(_ isKept: [Bool]) -> NodeGraph {
    let kept = nodes.indices.filter { isKept[$0] }
    var place = [Int](repeating: -1, count: nodes.count)
    for (new, old) in kept.enumerated() { place[old] = new }
    var builder = NetBuilder(levels: kept.map { layers[$0] })
    for net in nets {
      builder.join(
        net.sources.filter { isKept[$0] }.map { place[$0] },
        net.targets.filter { isKept[$0] }.map { place[$0] }, net.kind.control)
    }
    for loop in loops where isKept[loop] { builder.join([place[loop]], [place[loop]]) }
    return NodeGraph(
      nodes: kept.map { nodes[$0] }, levels: kept.map { layers[$0] }, nets: builder,
      nodeOfProcess: nodeOfProcess.map { $0 < 0 ? -1 : Int32(place[Int($0)]) })
  }
}
