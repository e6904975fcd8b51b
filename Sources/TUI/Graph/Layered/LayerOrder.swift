/// The order of the items in each layer, such that few wires cross.
///
/// Each item moves to the middle of what it is wired to in the layer above, from above to below,
/// then the same from below, a bounded number of times; the best of all orders is kept. Small
/// drawings are then improved by exchanging neighbours.
struct LayerOrder {
  private(set) var layers: [[Int]]

  private let graph: LayeredGraph
  /// The place of each item in its layer, as a fraction of it.
  private var place: [Double]

  /// Rounds of the first step.
  private static let rounds = 8
  /// More items than this are not improved any more once they are sorted.
  private static let smallCount = 1500

  static func layers(of graph: LayeredGraph) -> [[Int]] {
    var order = LayerOrder(graph)
    order.improve()
    return order.layers
  }

  private init(_ graph: LayeredGraph) {
    self.graph = graph
    layers = graph.layers
    place = Array(repeating: 0, count: graph.layerOf.count)
    for layer in layers.indices { number(layer) }
  }

  private mutating func improve() {
    var best = (crossings: Int.max, layers: layers)
    for round in 0..<Self.rounds {
      if round.isMultiple(of: 2) {
        for layer in layers.indices.dropFirst() { sort(layer, against: layer - 1) }
      } else {
        for layer in layers.indices.dropLast().reversed() { sort(layer, against: layer) }
      }
      let crossings = layers.indices.reduce(0) { $0 + self.crossings(below: $1) }
      if crossings < best.crossings { best = (crossings, layers) }
      if crossings == 0 { break }
    }
    layers = best.layers
    for layer in layers.indices { number(layer) }
  }

  private mutating func number(_ layer: Int) {
    let step = 1 / Double(max(1, layers[layer].count))
    for (index, item) in layers[layer].enumerated() { place[item] = (Double(index) + 0.5) * step }
  }

  /// Sorts a layer by the middles of the wires in a channel above or below it. What has no wire
  /// there stays about where it is.
  private mutating func sort(_ layer: Int, against channel: Int) {
    let isAbove = channel < layer
    var sums: [Int: (sum: Double, count: Double)] = [:]
    sums.reserveCapacity(layers[layer].count)
    for wire in graph.channels[channel] {
      let ends = isAbove ? wire.bottoms : wire.tops
      let others = isAbove ? wire.tops : wire.bottoms
      guard !others.isEmpty, !ends.isEmpty else { continue }
      let middle = others.reduce(0) { $0 + place[$1] } / Double(others.count)
      for end in ends {
        let (sum, count) = sums[end] ?? (0, 0)
        sums[end] = (sum + middle, count + 1)
      }
    }
    let keys = layers[layer].map { item in
      sums[item].map { $0.sum / $0.count } ?? place[item]
    }
    let sorted = keys.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }
    layers[layer] = sorted.map { [items = layers[layer]] in items[$0] }
    number(layer)
  }

  /// How often the lines between a layer and the next cross, each wire being a point in its middle.
  private func crossings(below layer: Int) -> Int {
    let wires = graph.channels[layer].filter { !$0.tops.isEmpty && !$0.bottoms.isEmpty }
    guard wires.count > 1 else { return 0 }
    let middles = wires.map { wire in
      (wire.tops + wire.bottoms).reduce(0) { $0 + place[$1] }
        / Double(wire.tops.count + wire.bottoms.count)
    }
    let order = middles.indices.sorted { middles[$0] < middles[$1] }
    return Self.inversions(order.map { wires[$0].tops }, place)
      + Self.inversions(order.map { wires[$0].bottoms }, place)
  }

  /// Pairs of ends of different wires whose order is not that of the wires.
  private static func inversions(_ ends: [[Int]], _ place: [Double]) -> Int {
    let all = ends.enumerated().flatMap { wire, items in items.map { (wire, place[$0]) } }
      .sorted { ($0.1, $0.0) < ($1.1, $1.0) }
    var counts = [Int](repeating: 0, count: ends.count + 1)
    var crossings = 0
    for (seen, (wire, _)) in all.enumerated() {
      // Ends before this one that belong to this or an earlier wire.
      var smaller = 0
      var index = wire + 1
      while index > 0 {
        smaller += counts[index]
        index &= index - 1
      }
      crossings += seen - smaller
      index = wire + 1
      while index <= ends.count {
        counts[index] += 1
        index += index & -index
      }
    }
    return crossings
  }
}
