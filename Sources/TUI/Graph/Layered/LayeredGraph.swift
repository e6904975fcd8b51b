/// A graph prepared for a layered drawing: the nodes of each layer, passages for nets that
/// cross a layer, and the wires between layers.
///
/// A net has one passage in a layer, whatever the number of its edges: long edges are bundled.
struct LayeredGraph {
  let graph: NodeGraph
  /// The net of each passage. Passage `i` is item `graph.nodes.count + i`.
  private(set) var passages: [Int] = []
  /// The layer of each item.
  private(set) var layerOf: [Int]
  /// The items of each layer, in the order of their numbers.
  private(set) var layers: [[Int]]
  /// `channels[i]` are the wires between layer `i` and the next one.
  private(set) var channels: [[Wire]]

  /// The part of a net between two layers.
  struct Wire {
    let net: Int
    /// The items that it leaves downwards, including items of the upper layer that receive
    /// the net from an edge within the layer.
    var tops: [Int] = []
    /// The items that it enters from above.
    var bottoms: [Int] = []
  }

  init(_ graph: NodeGraph) {
    self.graph = graph
    layerOf = graph.layers
    layers = Array(repeating: [], count: graph.layerCount)
    channels = Array(repeating: [], count: graph.layerCount)
    for (node, layer) in graph.layers.enumerated() { layers[layer].append(node) }
    for net in graph.nets.indices { route(net) }
  }

  /// The larger number of lines above or below each node.
  var lineCounts: [Int] {
    var above = [Int](repeating: 0, count: graph.nodes.count)
    var below = above
    for wire in channels.joined() {
      for item in wire.tops where isNode(item) { below[item] += 1 }
      for item in wire.bottoms where isNode(item) { above[item] += 1 }
    }
    return zip(above, below).map(max)
  }

  func isNode(_ item: Int) -> Bool { item < graph.nodes.count }

  private mutating func route(_ number: Int) {
    let net = graph.nets[number]
    let (upper, lower) = (net.upper, net.lower)
    let first = upper.map { graph.layers[$0] }.min() ?? 0
    let deepest = lower.map { graph.layers[$0] }.max() ?? 0
    let last = max(deepest, (upper.map { graph.layers[$0] }.max() ?? 0) + 1)
    for layer in first..<last { channels[layer].append(Wire(net: number)) }
    for layer in (first + 1)..<last {
      let item = layerOf.count
      passages.append(number)
      layerOf.append(layer)
      layers[layer].append(item)
      addBottom(item, layer)
      addTop(item, layer)
    }
    for node in upper { addTop(node, graph.layers[node]) }
    for node in lower {
      let layer = graph.layers[node]
      if layer > first { addBottom(node, layer) } else { addTop(node, layer) }
    }
  }

  private mutating func addTop(_ item: Int, _ layer: Int) {
    let last = channels[layer].count - 1
    channels[layer][last].tops.append(item)
  }

  private mutating func addBottom(_ item: Int, _ layer: Int) {
    let last = channels[layer - 1].count - 1
    channels[layer - 1][last].bottoms.append(item)
  }
}
