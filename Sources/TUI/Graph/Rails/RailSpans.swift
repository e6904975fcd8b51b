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
    var beginning = [[Int]](repeating: [], count: rowCount)
    for net in first.indices where hasLane[net] { beginning[Int(first[net])].append(net) }
    var running: [Int] = []
    for (row, nets) in beginning.enumerated() where !nets.isEmpty {
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
