/// Computes the longest path to every process, with cycles cut; see `WorkflowGraph`.
///
/// Processes are numbered first, then signals. The walk has its own stack, because a chain may
/// be as long as the file.
struct LevelComputation {
  private enum Mark: UInt8 { case new, open, closed }

  private let workflow: Workflow
  private let processCount: Int
  private var marks: [Mark]
  /// For each node, the number of its edges already followed.
  private var followed: [Int]
  /// Nodes in the order in which the walk left them: successors first.
  private var finished: [Int] = []
  /// Edges back into the current path, as (node, index of its edge).
  private var backEdges: Set<Edge> = []

  private struct Edge: Hashable {
    let node: Int
    let number: Int
  }

  static func levels(of workflow: Workflow) -> [Int] {
    var walk = LevelComputation(workflow)
    walk.run()
    return walk.levels()
  }

  private init(_ workflow: Workflow) {
    self.workflow = workflow
    processCount = workflow.processes.count
    let nodes = processCount + workflow.signals.count
    marks = Array(repeating: .new, count: nodes)
    followed = Array(repeating: 0, count: nodes)
    finished.reserveCapacity(nodes)
  }

  private mutating func run() {
    // By index: copying a process costs a dozen reference counts.
    for index in workflow.processes.indices where isSource(index) { visit(index) }
    for index in workflow.processes.indices { visit(index) }
  }

  private func isSource(_ index: Int) -> Bool {
    workflow.processes[index].inputs.allSatisfy {
      ($0.control?.isFeedback ?? false) || workflow.producers(of: $0.signal).isEmpty
    }
  }

  private mutating func visit(_ root: Int) {
    guard marks[root] == .new else { return }
    marks[root] = .open
    var path = [root]
    while let node = path.last {
      let edge = followed[node]
      guard let target = target(of: node, edge) else {
        marks[node] = .closed
        finished.append(node)
        path.removeLast()
        continue
      }
      followed[node] += 1
      switch marks[target] {
      case .new:
        marks[target] = .open
        path.append(target)
      case .open: backEdges.insert(Edge(node: node, number: edge))
      case .closed: break
      }
    }
  }

  /// The target of a node's edge; `nil` after the last one. Control signals `next` and `done`
  /// are not followed.
  private func target(of node: Int, _ edge: Int) -> Int? {
    if node < processCount {
      let outputs = workflow.processes[node].outputs
      return edge < outputs.count ? processCount + outputs[edge].signal.index : nil
    }
    let signal = SignalID(number: node - processCount + 1)
    if workflow.signals[signal.index].control?.isFeedback ?? false { return nil }
    let consumers = workflow.consumers(of: signal)
    return edge < consumers.count ? consumers[consumers.startIndex + edge].index : nil
  }

  private func levels() -> [Int] {
    var levels = Array(repeating: 0, count: marks.count)
    for node in finished.reversed() {
      let step = node < processCount ? 1 : 0
      var edge = 0
      while let target = target(of: node, edge) {
        if backEdges.isEmpty || !backEdges.contains(Edge(node: node, number: edge)) {
          levels[target] = max(levels[target], levels[node] + step)
        }
        edge += 1
      }
    }
    return Array(levels[..<processCount])
  }
}
