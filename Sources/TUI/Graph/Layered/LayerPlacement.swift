/// Assigns columns: nodes near their neighbours, passages straight below each other if there is
/// room.
struct LayerPlacement {
  /// The first column of each item.
  private(set) var column: [Int]

  private let graph: LayeredGraph
  private let layers: [[Int]]
  private let widths: [Int]
  /// The middle of each item.
  private var middle: [Double]
  /// For each item of the layer being placed: the weighted sum of preferred middles, and the
  /// weight.
  private var preferences: [(sum: Double, weight: Double)]

  /// A passage takes one column, and one more to avoid ends above it.
  static let passageWidth = 2

  /// Fewer rounds for large drawings.
  private let rounds: Int
  private static let mostRounds = 24
  /// Limits the placed items in total, but allows at least two rounds.
  private static let budget = 120_000

  /// Free columns between neighbours; passages need fewer than boxes.
  private static func gap(_ isNode: Bool, _ isNextNode: Bool) -> Int {
    isNode && isNextNode ? 3 : isNode || isNextNode ? 2 : 1
  }

  static func columns(_ graph: LayeredGraph, _ layers: [[Int]], nodeWidths: [Int]) -> [Int] {
    var placement = LayerPlacement(graph, layers, nodeWidths)
    placement.run()
    return placement.column
  }

  private init(_ graph: LayeredGraph, _ layers: [[Int]], _ nodeWidths: [Int]) {
    self.graph = graph
    self.layers = layers
    widths =
      nodeWidths + Array(repeating: Self.passageWidth, count: graph.passages.count)
    column = Array(repeating: 0, count: widths.count)
    middle = Array(repeating: 0, count: widths.count)
    preferences = Array(repeating: (0, 0), count: widths.count)
    rounds = min(max(2, Self.budget / max(1, widths.count)), Self.mostRounds)
  }

  private mutating func run() {
    for layer in layers.indices { place(layer, keepsStraight: false) }
    for round in 0..<rounds {
      for layer in layers.indices {
        prefer(layer, above: true, below: round > 1)
        place(layer, keepsStraight: false)
      }
      for layer in layers.indices.reversed() {
        prefer(layer, above: round > 1, below: true)
        place(layer, keepsStraight: false)
      }
    }
    for layer in layers.indices {
      prefer(layer, above: true, below: true)
      place(layer, keepsStraight: true)
    }
    let left = column.min() ?? 0
    for item in column.indices { column[item] -= left }
  }

  /// Prefers the mean of the middles of each wire's other ends.
  private mutating func prefer(_ layer: Int, above: Bool, below: Bool) {
    for item in layers[layer] { preferences[item] = (0, 0) }
    if above, layer > 0 {
      for wire in graph.channels[layer - 1] { add(wire.bottoms, wire.tops) }
    }
    if below {
      for wire in graph.channels[layer] { add(wire.tops, wire.bottoms) }
    }
  }

  private mutating func add(_ ends: [Int], _ others: [Int]) {
    guard !others.isEmpty, !ends.isEmpty else { return }
    let otherMiddle = middle(of: others)
    let leadsToPassage = others.count == 1 && !graph.isNode(others[0])
    // The ends of a wire share its weight: a parent moves to the middle of its children, not each
    // child to its parent.
    let share = 1 / Double(ends.count)
    for end in ends {
      let weight = leadsToPassage && !graph.isNode(end) ? 8.0 : share
      preferences[end].sum += otherMiddle * weight
      preferences[end].weight += weight
    }
  }

  /// Boxes weigh more than passages, so that a node is placed below its predecessor and long lines
  /// pass beside it.
  private func middle(of items: [Int]) -> Double {
    var (sum, count) = (0.0, 0.0)
    for item in items {
      let weight = graph.isNode(item) ? 1 : 0.1
      sum += middle[item] * weight
      count += weight
    }
    return sum / count
  }

  /// Places the items of a layer.
  ///
  /// - Parameter keepsStraight: Whether to straighten lines that are nearly straight. A passage or
  ///   box then moves directly below its predecessor, and the items beside it move aside.
  private mutating func place(_ layer: Int, keepsStraight: Bool) {
    let items = layers[layer]
    var targets: [Double] = []
    var weights: [Double] = []
    var gaps: [Int] = []
    for (index, item) in items.enumerated() {
      let half = Double(widths[item]) / 2
      let preference = preferences[item]
      let middle = preference.weight > 0 ? preference.sum / preference.weight : self.middle[item]
      targets.append(middle - half)
      weights.append(preference.weight > 0 ? preference.weight : 0.1)
      if index + 1 < items.count {
        let gap = Self.gap(graph.isNode(item), graph.isNode(items[index + 1]))
        gaps.append(widths[item] + gap)
      }
    }
    if keepsStraight { straightenChains(layer, &targets, &weights) }
    let places = Spacing.nearest(targets, weights, gaps: gaps)
    for (item, place) in zip(items, places) {
      column[item] = place
      middle[item] = Double(column[item]) + Double(widths[item]) / 2
    }
  }

  private func straightenChains(_ layer: Int, _ targets: inout [Double], _ weights: inout [Double])
  {
    guard layer > 0 else { return }
    var above: [Int: (middle: Double, weight: Double)] = [:]
    for wire in graph.channels[layer - 1] {
      // A wire's passages come first among its ends.
      guard let top = wire.tops.first, let bottom = wire.bottoms.first else { continue }
      if !graph.isNode(top), !graph.isNode(bottom) {
        above[bottom] = (middle[top], 10_000)
      }
      let parents = wire.tops.drop { !graph.isNode($0) }
      let boxes = wire.bottoms.drop { !graph.isNode($0) }
      if parents.count == 1, boxes.count == 1, let parent = parents.first, let box = boxes.first,
        above[box] == nil, abs(middle[parent] - middle[box]) <= Self.nearlyStraight
      {
        above[box] = (middle[parent], 100)
      }
    }
    for (index, item) in layers[layer].enumerated() {
      guard let (middle, weight) = above[item] else { continue }
      targets[index] = middle - Double(widths[item]) / 2
      weights[index] = weight
    }
  }

  /// How many columns a box may be off before it is not moved below its predecessor.
  private static let nearlyStraight = 12.0
}
