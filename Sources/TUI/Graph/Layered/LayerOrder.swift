/// Orders the items of each layer so that few wires cross.
///
/// Each item moves to the mean position of its neighbours in the layer above, from top to
/// bottom, then in the layer below, from bottom to top, for a bounded number of rounds. The
/// best order is kept. Small drawings are then improved by swapping neighbours.
struct LayerOrder {
  private(set) var layers: [[Int]]

  private let graph: LayeredGraph
  /// The position of each item in its layer, as a fraction.
  private var place: [Double]
  /// The position as an index.
  private var position: [Int]
  /// For each item of the layer being sorted: the sum and number of the middles of its wires.
  private var sums: [(sum: Double, count: Double)]

  /// Rounds of the first step; fewer for large drawings.
  private let rounds: Int
  private static let mostRounds = 8
  /// Limits the visited wire ends in total, but allows at least one round each way.
  private static let budget = 400_000

  static func layers(of graph: LayeredGraph) -> [[Int]] {
    var order = LayerOrder(graph)
    order.improve()
    return order.layers
  }

  private init(_ graph: LayeredGraph) {
    self.graph = graph
    layers = graph.layers
    place = Array(repeating: 0, count: graph.layerOf.count)
    position = Array(repeating: 0, count: graph.layerOf.count)
    sums = Array(repeating: (0, 0), count: graph.layerOf.count)
    let ends = graph.channels.joined().reduce(0) { $0 + $1.tops.count + $1.bottoms.count }
    rounds = min(max(2, Self.budget / max(1, ends)), Self.mostRounds)
    for layer in layers.indices { number(layer) }
  }

  private mutating func improve() {
    var best = (crossings: Int.max, layers: layers)
    var orders = [layers]
    for round in 0..<rounds {
      if round.isMultiple(of: 2) {
        for layer in layers.indices.dropFirst() { sort(layer, against: layer - 1) }
      } else {
        for layer in layers.indices.dropLast().reversed() { sort(layer, against: layer) }
      }
      let crossings = layers.indices.reduce(0) { $0 + self.crossings(below: $1) }
      if crossings < best.crossings { best = (crossings, layers) }
      if !orders.contains(layers) { orders.append(layers) }
      if crossings == 0 { break }
    }
    adopt(best.layers)
    if place.count <= Self.mostSwapped { improve(from: orders) }
  }

  private mutating func adopt(_ layers: [[Int]]) {
    self.layers = layers
    for layer in layers.indices { number(layer) }
  }

  /// Improves a small drawing by swaps, from each of these orders, and keeps the best.
  private mutating func improve(from orders: [[[Int]]]) {
    var best: (cost: (Int, Double), layers: [[Int]])?
    for order in orders {
      adopt(order)
      swapNeighbours()
      let cost = cost(of: layers.indices)
      if best.map({ cost < $0.cost }) ?? true { best = (cost, layers) }
    }
    if let best { adopt(best.layers) }
  }

  /// The largest drawing that is improved by swapping, and how often.
  private static let mostSwapped = 120
  private static let swapRounds = 4

  /// Swaps neighbours while that saves crossings, or makes lines straighter.
  private mutating func swapNeighbours() {
    for _ in 0..<Self.swapRounds {
      var hasSwapped = false
      for layer in layers.indices {
        for index in layers[layer].indices.dropLast() {
          let before = cost(around: layer)
          swap(layer, index)
          if cost(around: layer) < before { hasSwapped = true } else { swap(layer, index) }
        }
      }
      guard hasSwapped else { return }
    }
  }

  private mutating func swap(_ layer: Int, _ index: Int) {
    layers[layer].swapAt(index, index + 1)
    number(layer)
  }

  /// Crossings first, then the lengths of lines; those of passages count more.
  private func cost(around layer: Int) -> (Int, Double) {
    cost(of: max(0, layer - 1)..<layer + 1)
  }

  private func cost(of channels: Range<Int>) -> (Int, Double) {
    (
      channels.reduce(0) { $0 + crossings(below: $1) },
      channels.reduce(0) { $0 + length(below: $1) }
    )
  }

  private func length(below layer: Int) -> Double {
    var length = 0.0
    for wire in graph.channels[layer] {
      for top in wire.tops {
        for bottom in wire.bottoms {
          let weight = graph.isNode(top) || graph.isNode(bottom) ? 1.0 : 2
          length += abs(place[top] - place[bottom]) * weight
        }
      }
    }
    // Sums of the same parts in another order differ in their last digits.
    return (length * 1e6).rounded()
  }

  private mutating func number(_ layer: Int) {
    let step = 1 / Double(max(1, layers[layer].count))
    for (index, item) in layers[layer].enumerated() {
      place[item] = (Double(index) + 0.5) * step
      position[item] = index
    }
  }

  /// Sorts a layer by the middles of its wires in the channel above or below. An item without
  /// wires keeps about its position.
  private mutating func sort(_ layer: Int, against channel: Int) {
    let isAbove = channel < layer
    for item in layers[layer] { sums[item] = (0, 0) }
    for wire in graph.channels[channel] {
      let ends = isAbove ? wire.bottoms : wire.tops
      let others = isAbove ? wire.tops : wire.bottoms
      guard !others.isEmpty, !ends.isEmpty else { continue }
      let middle = others.reduce(0) { $0 + place[$1] } / Double(others.count)
      for end in ends {
        sums[end].sum += middle
        sums[end].count += 1
      }
    }
    let keys = layers[layer].map { item in
      sums[item].count > 0 ? sums[item].sum / sums[item].count : place[item]
    }
    let sorted = keys.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }
    layers[layer] = sorted.map { [items = layers[layer]] in items[$0] }
    number(layer)
  }

  /// The number of crossings between a layer and the next, with each wire as a point in its
  /// middle.
  private func crossings(below layer: Int) -> Int {
    let wires = graph.channels[layer].filter { !$0.tops.isEmpty && !$0.bottoms.isEmpty }
    guard wires.count > 1 else { return 0 }
    let middles = wires.map { wire in
      let sum = wire.tops.reduce(0) { $0 + place[$1] } + wire.bottoms.reduce(0) { $0 + place[$1] }
      return sum / Double(wire.tops.count + wire.bottoms.count)
    }
    let order = middles.indices.sorted { middles[$0] < middles[$1] }
    return inversions(order) { wires[$0].tops } + inversions(order) { wires[$0].bottoms }
  }

  /// Pairs of ends of different wires whose order differs from that of the wires.
  private func inversions(_ order: [Int], _ ends: (Int) -> [Int]) -> Int {
    // Integers sort many times faster than tuples.
    var keys: [Int] = []
    for (rank, wire) in order.enumerated() {
      for end in ends(wire) { keys.append(position[end] << 32 | rank) }
    }
    keys.sort()
    var counts = [Int](repeating: 0, count: order.count + 1)
    var crossings = 0
    for (seen, key) in keys.enumerated() {
      // The earlier ends that belong to this or an earlier wire.
      let wire = key & 0xFFFF_FFFF
      var smaller = 0
      var index = wire + 1
      while index > 0 {
        smaller += counts[index]
        index &= index - 1
      }
      crossings += seen - smaller
      index = wire + 1
      while index <= order.count {
        counts[index] += 1
        index += index & -index
      }
    }
    return crossings
  }
}
