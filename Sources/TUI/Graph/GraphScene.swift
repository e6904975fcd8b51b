internal import Workflow

/// The part of a workflow that the user wants to see.
struct GraphScope: Equatable {
  enum Fold: Equatable {
    /// Processes of one name and level are one node, except in open stages.
    case stages(opened: Set<Int>)
    /// Every process is a node.
    case processes
  }

  /// A node and its neighbours only.
  struct Neighbourhood: Equatable {
    var centre: NodeGraph.Node
    var hops: Int
  }

  var fold = Fold.stages(opened: [])
  var neighbourhood: Neighbourhood?
}

/// The graph of a scope, and the rows of its list.
struct GraphScene: Equatable {
  let scope: GraphScope
  let graph: NodeGraph
  let items: [Rails.Item]
  /// The row of each node, also while no rails are drawn.
  let rowOf: [Int]
  /// Whether more neighbours exist than are shown.
  let isCut: Bool
  /// The neighbours of each node of a neighbourhood that are not drawn.
  let hidden: [HiddenNeighbours]

  struct HiddenNeighbours: Equatable {
    var before = 0
    var after = 0
  }

  /// Limits the neighbours of a process beside a signal with many consumers.
  static let neighbourLimit = 300

  init(_ workflow: Workflow, _ analysis: WorkflowGraph, _ scope: GraphScope) {
    self.scope = scope
    var isCut = false
    switch (scope.fold, scope.neighbourhood) {
    case (_, .some(let neighbourhood)):
      (graph, isCut) = Self.neighbourGraph(workflow, analysis, scope.fold, neighbourhood)
      items = RowOrder.rows(graph).map(Rails.Item.node)
    case (.processes, nil):
      graph = NodeGraph(workflow, analysis, only: nil)
      items = RowOrder.rows(graph).map(Rails.Item.node)
    case (.stages(let opened), nil):
      graph = NodeGraph(workflow, analysis, opened: opened)
      items = Self.items(
        graph, analysis, opened, opened.isEmpty ? graph : NodeGraph(workflow, analysis))
    }
    self.isCut = isCut
    rowOf = Rails.rows(of: graph, items)
    hidden = scope.neighbourhood == nil ? [] : Self.hidden(graph, workflow, analysis)
  }

  private static func hidden(
    _ graph: NodeGraph, _ workflow: Workflow, _ analysis: WorkflowGraph
  ) -> [HiddenNeighbours] {
    let areStages = graph.nodes.first?.isStage ?? false
    let folded = areStages ? NodeGraph(workflow, analysis) : nil
    return graph.nodes.map { node in
      switch node {
      case .stage(let stage):
        guard let folded, let first = analysis.stages[guarding: stage]?.processes.first,
          let place = folded.node(of: first)
        else { return HiddenNeighbours() }
        func count(_ nets: some Sequence<Int>, _ ends: (Net) -> [Int]) -> Int {
          let others = Set(nets.flatMap { ends(folded.nets[$0]) }).subtracting([place])
          return others.count { !graph.nodes.contains(folded.nodes[$0]) }
        }
        return HiddenNeighbours(
          before: count(folded.inputs[place], \.sources),
          after: count(folded.outputs[place], \.targets))
      case .process(let process):
        func count(_ signals: [SignalID], _ ends: (SignalID) -> [ProcessID]) -> Int {
          Set(signals.flatMap(ends)).count { $0 != process && graph.node(of: $0) == nil }
        }
        let here = workflow[process]
        return HiddenNeighbours(
          before: count(here.inputs.map(\.signal)) { Array(workflow.producers(of: $0)) },
          after: count(here.outputs.map(\.signal)) { Array(workflow.consumers(of: $0)) })
      }
    }
  }

  private static func neighbourGraph(
    _ workflow: Workflow, _ analysis: WorkflowGraph, _ fold: GraphScope.Fold,
    _ neighbourhood: GraphScope.Neighbourhood
  ) -> (NodeGraph, isCut: Bool) {
    switch neighbourhood.centre {
    case .process(let process):
      let near = workflow.neighbourhood(
        of: process, hops: neighbourhood.hops, limit: neighbourLimit)
      return (NodeGraph(workflow, analysis, only: near.processes), near.isCut)
    case .stage(let stage):
      // Neighbouring stages are folded, even if they are open elsewhere.
      let folded = NodeGraph(workflow, analysis)
      let node = analysis.stages[guarding: stage]?.processes.first.flatMap(folded.node) ?? 0
      return (folded.neighbourhood(of: node, hops: neighbourhood.hops), false)
    }
  }

  /// In stage order; the processes of an open stage follow its heading.
  private static func items(
    _ graph: NodeGraph, _ analysis: WorkflowGraph, _ opened: Set<Int>, _ folded: NodeGraph
  ) -> [Rails.Item] {
    RowOrder.rows(folded).flatMap { stage -> [Rails.Item] in
      let processes = analysis.stages[stage].processes
      let nodes = processes.prefix(opened.contains(stage) ? .max : 1).compactMap(graph.node)
      return opened.contains(stage)
        ? [.heading(stage)] + nodes.map(Rails.Item.node) : nodes.map(Rails.Item.node)
    }
  }

  /// The processes of a node.
  func processes(of node: NodeGraph.Node, _ analysis: WorkflowGraph) -> [ProcessID] {
    switch node {
    case .stage(let stage): analysis.stages[guarding: stage]?.processes ?? []
    case .process(let process): [process]
    }
  }

  /// The node's own place, or that of the node into which it is folded, or its first
  /// process's.
  func place(of node: NodeGraph.Node, _ analysis: WorkflowGraph) -> Int? {
    processes(of: node, analysis).first.flatMap(graph.node)
  }
}
