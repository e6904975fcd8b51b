import Workflow

/// The sources of a node's inputs as text, because lanes alone are hard to read.
extension GraphText {
  private static let namedOrigins = 3

  /// For example `← split, work:1`; empty for a node without sources. Backward edges are
  /// included.
  func origins(_ node: Int) -> String {
    let own = scene.graph.nodes[node]
    let found = sources(of: own)
    guard !found.isEmpty else { return "" }
    let names = found.prefix(Self.namedOrigins).map(plainName)
    let more = found.count > Self.namedOrigins ? [ascii ? "..." : "…"] : []
    return (ascii ? "<- " : "← ") + (names + more).joined(separator: ", ")
  }

  /// One more than can be named, so that the caller knows whether there are more. Cost: the
  /// node's signals.
  private func sources(of own: NodeGraph.Node) -> [NodeGraph.Node] {
    var found: [NodeGraph.Node] = []
    var seen: Set<SignalID> = []
    for process in processes(of: own) {
      for input in workflow[process].inputs where seen.insert(input.signal).inserted {
        for producer in workflow.producers(of: input.signal) {
          let source = self.node(of: producer)
          guard source != own, !found.contains(source) else { continue }
          found.append(source)
          if found.count > Self.namedOrigins { return found }
        }
      }
    }
    return found
  }

  private func processes(of node: NodeGraph.Node) -> [ProcessID] {
    switch node {
    case .stage(let number): analysis.stages[number].processes
    case .process(let process): [process]
    }
  }

  private func node(of process: ProcessID) -> NodeGraph.Node {
    isFolded ? .stage(analysis.stageOf[process.index]) : .process(process)
  }
}
