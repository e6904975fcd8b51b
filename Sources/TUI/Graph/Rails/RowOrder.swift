/// Topological orders for lists. A node is followed by the nodes that waited only for it, so
/// chains stay together and few lines run beside the rows.
enum RowOrder {
  /// All nodes; backward edges are ignored.
  static func rows(_ graph: NodeGraph) -> [Int] {
    var missing = graph.nodes.indices.map { node in
      graph.inputs[node].count { !graph.nets[$0].kind.leadsBack }
    }
    var unsent = graph.nets.map(\.sources.count)
    var order: [Int] = []
    order.reserveCapacity(graph.nodes.count)
    var stack = graph.nodes.indices.filter { missing[$0] == 0 }
    stack.reverse()
    while let node = stack.popLast() {
      order.append(node)
      var ready: [Int] = []
      for net in graph.outputs[node] where !graph.nets[net].kind.leadsBack {
        unsent[net] -= 1
        guard unsent[net] == 0 else { continue }
        for target in graph.nets[net].targets {
          missing[target] -= 1
          if missing[target] == 0 { ready.append(target) }
        }
      }
      stack += ready.sorted(by: >)
    }
    return order
  }
}
