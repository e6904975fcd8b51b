/// The range of rows of each net, and which nets get a lane of their own.
struct RailSpans {
  /// The first and last row of each net.
  private(set) var first: [Int32]
  private(set) var last: [Int32]
  private(set) var hasLane: [Bool]

  init(_ graph: NodeGraph, _ rowOf: [Int], rowCount: Int, laneLimit: Int) {
    first = []
    last = []
    for net in graph.nets {
      var (low, high) = (Int.max, Int.min)
      for node in net.sources {
        low = min(low, rowOf[node])
        high = max(high, rowOf[node])
      }
      for node in net.targets {
        low = min(low, rowOf[node])
        high = max(high, rowOf[node])
      }
      first.append(Int32(low))
      last.append(Int32(high))
    }
    hasLane = first.indices.map { [first, last] in first[$0] < last[$0] }
    choose(rowCount, laneLimit)
  }

  /// From top to bottom: if more nets run than there are lanes, the one that ends last loses
  /// its lane. This gives lanes to as many nets as possible.
  private mutating func choose(_ rowCount: Int, _ limit: Int) {
    var starting = [[Int]](repeating: [], count: rowCount)
    for net in first.indices where hasLane[net] { starting[Int(first[net])].append(net) }
    var running: [Int] = []
    for (row, nets) in starting.enumerated() where !nets.isEmpty {
      running.removeAll { last[$0] < row }
      for net in nets {
        running.append(net)
        guard running.count > limit else { continue }
        let longest = running.indices.max { last[running[$0]] < last[running[$1]] } ?? 0
        hasLane[running.remove(at: longest)] = false
      }
    }
  }
}

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
