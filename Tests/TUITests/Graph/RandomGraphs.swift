@testable import TUI

/// Graphs from edges, and random ones.
extension NodeGraph {
  /// Levels are longest paths; `back` are pairs that lead against them.
  init(edges: [[Int]], back: [(Int, Int)] = []) {
    var levels = [Int](repeating: 0, count: edges.count)
    for (source, targets) in edges.enumerated() {
      for target in targets where target > source {
        levels[target] = max(levels[target], levels[source] + 1)
      }
    }
    var builder = NetBuilder(levels: levels)
    for (source, targets) in edges.enumerated() {
      for target in targets { builder.join([source], [target]) }
    }
    for (source, target) in back { builder.join([source], [target]) }
    self.init(nodes: edges.indices.map(Node.stage), levels: levels, nets: builder)
  }

  /// All edges that the nets stand for.
  var edges: Set<[Int]> {
    var edges = Set(loops.map { [$0, $0] })
    for net in nets {
      for source in net.sources { for target in net.targets { edges.insert([source, target]) } }
    }
    return edges
  }
}

enum RandomGraphs {
  /// The joined edges, and their graph.
  static func next(_ random: inout Seeded, nodes maximum: Int, cyclic: Bool = false) -> (
    joins: [(sources: [Int], targets: [Int])], graph: NodeGraph
  ) {
    let count = Int(random.next() % UInt64(maximum)) + 1
    func some(_ limit: Int) -> [Int] {
      (0..<Int(random.next() % UInt64(limit) + 1)).map { _ in
        Int(random.next() % UInt64(count))
      }
    }
    var joins: [(sources: [Int], targets: [Int])] = []
    for _ in 0..<Int(random.next() % UInt64(count * 2)) {
      let isWide = random.next() % 5 == 0
      let sources = some(isWide ? 4 : 1)
      let first = sources.max() ?? 0
      let targets = some(isWide ? 6 : 2).filter { cyclic && random.next() % 4 == 0 || $0 > first }
      if !targets.isEmpty { joins.append((sources, targets)) }
    }
    return (joins, graph(count, joins))
  }

  private static func graph(_ count: Int, _ joins: [(sources: [Int], targets: [Int])])
    -> NodeGraph
  {
    var levels = [Int](repeating: 0, count: count)
    for node in 0..<count {
      for (sources, targets) in joins {
        for source in sources where source < node && targets.contains(node) {
          levels[node] = max(levels[node], levels[source] + 1)
        }
      }
    }
    var builder = NetBuilder(levels: levels)
    for (sources, targets) in joins { builder.join(sources, targets) }
    return NodeGraph(
      nodes: (0..<count).map(NodeGraph.Node.stage), levels: levels, nets: builder)
  }
}
