import Workflow

/// A workflow graph for every output format: nodes in topological order, and edges.
struct GraphDrawing {
  struct Node {
    /// The process's number, or the stage's index from 1.
    let number: Int
    let name: String
    let kind: Workflow.Process.Kind
    let level: Int
    let processes: [ProcessID]
  }

  /// All signals of one kind between two nodes.
  struct Edge {
    let from: Int
    let to: Int
    let control: Workflow.Control?
    var signals: [SignalID]

    /// Whether the edge points against the order of the nodes: it closes a cycle or is a
    /// control signal.
    var leadsBack: Bool { to <= from }
    var isDashed: Bool { leadsBack || control != nil }
  }

  let workflow: Workflow
  let isFolded: Bool
  let nodes: [Node]
  private(set) var edges: [Edge] = []

  /// A signal stands for an edge from every producer to every consumer, which can exceed
  /// memory.
  static let edgeLimit = 1_000_000

  /// `nil` if there are more edges than the limit; stages have fewer.
  init?(_ workflow: Workflow, folded: Bool) {
    let graph = workflow.graph()
    self.workflow = workflow
    isFolded = folded
    nodes = folded ? Self.stages(workflow, graph) : Self.processes(workflow, graph)
    var nodeOf = Array(repeating: 0, count: workflow.processes.count)
    for (index, node) in nodes.enumerated() {
      for process in node.processes { nodeOf[process.number - 1] = index }
    }
    if !folded, Self.edgeCount(workflow) > Self.edgeLimit { return nil }
    connect(nodeOf)
  }

  private static func stages(_ workflow: Workflow, _ graph: WorkflowGraph) -> [Node] {
    graph.stages.map { stage in
      Node(
        number: stage.index + 1, name: stage.name, kind: workflow[stage.processes[0]].kind,
        level: stage.level, processes: stage.processes)
    }
  }

  private static func processes(_ workflow: Workflow, _ graph: WorkflowGraph) -> [Node] {
    graph.topologicalOrder.map { id in
      let process = workflow[id]
      return Node(
        number: id.number, name: process.name, kind: process.kind,
        level: graph.levels[id.number - 1], processes: [id])
    }
  }

  private static func edgeCount(_ workflow: Workflow) -> Int {
    workflow.signals.reduce(0) {
      $0 + workflow.producers(of: $1.id).count * workflow.consumers(of: $1.id).count
    }
  }

  private struct Ends: Hashable {
    let from: Int
    let to: Int
    let control: Workflow.Control?
  }

  private mutating func connect(_ nodeOf: [Int]) {
    var known: [Ends: Int] = [:]
    for signal in workflow.signals {
      let sources = Set(workflow.producers(of: signal.id).lazy.map { nodeOf[$0.number - 1] })
      let targets = Set(workflow.consumers(of: signal.id).lazy.map { nodeOf[$0.number - 1] })
      for source in sources.sorted() {
        for target in targets.sorted() {
          let ends = Ends(from: source, to: target, control: signal.control)
          if let place = known[ends] {
            edges[place].signals.append(signal.id)
          } else {
            known[ends] = edges.count
            edges.append(
              Edge(from: source, to: target, control: signal.control, signals: [signal.id]))
          }
        }
      }
    }
  }

  /// The name and the number of processes; safe to print.
  func label(_ node: Node) -> String {
    node.processes.count > 1
      ? "\(node.name.displayName) ×\(node.processes.count)" : node.name.displayName
  }

  func label(_ edge: Edge) -> String {
    let kind = edge.control.map { "\($0): " } ?? ""
    guard edge.signals.count == 1, let signal = edge.signals.first else {
      return "\(kind)\(edge.signals.count) signals"
    }
    return kind + workflow[signal].name.displayName
  }
}
