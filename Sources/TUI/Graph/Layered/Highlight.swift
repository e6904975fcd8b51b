/// Highlighted edges: for each net, the ends between which it is highlighted.
struct Highlight: Equatable {
  struct Part: Equatable {
    var ends: Set<Int> = []
    /// From the highest to the lowest end.
    var layers: ClosedRange<Int>
  }

  private(set) var nodes: Set<Int> = []
  private(set) var parts: [Int: Part] = [:]

  var isEmpty: Bool { nodes.isEmpty }

  /// Adds all edges between nodes of a set.
  mutating func add(edgesWithin nodes: Set<Int>, of graph: NodeGraph) {
    self.nodes.formUnion(nodes)
    var nets: Set<Int> = []
    for node in nodes { nets.formUnion(graph.outputs[node]) }
    for net in nets {
      let sources = graph.nets[net].sources.filter(nodes.contains)
      let targets = graph.nets[net].targets.filter(nodes.contains)
      add(net, sources, targets, graph)
    }
  }

  /// Adds the edges between consecutive nodes of a path.
  mutating func add(path: [Int], of graph: NodeGraph) {
    nodes.formUnion(path)
    for (node, next) in zip(path, path.dropFirst()) {
      for net in graph.outputs[node] where graph.nets[net].targets.binaryContains(next) {
        add(net, [node], [next], graph)
      }
    }
  }

  private mutating func add(
    _ net: Int, _ sources: [Int], _ targets: [Int], _ graph: NodeGraph
  ) {
    guard !sources.isEmpty, !targets.isEmpty else { return }
    let ends = sources + targets
    let layers = ends.map { graph.layers[$0] }
    guard let low = layers.min(), let high = layers.max() else { return }
    let before = parts[net]?.layers ?? low...high
    var part = parts[net] ?? Part(layers: low...high)
    part.ends.formUnion(ends)
    part.layers = min(low, before.lowerBound)...max(high, before.upperBound)
    parts[net] = part
  }

  /// Whether a segment of a channel or layer is highlighted.
  func includes(_ segment: LayeredDrawing.Segment, layer: Int, nodeCount: Int) -> Bool {
    guard let part = parts[segment.net] else { return false }
    func isIncluded(_ item: Int, _ layer: Int) -> Bool {
      if item < 0 { return true }
      if item < nodeCount { return part.ends.contains(item) }
      return part.layers.lowerBound < layer && layer < part.layers.upperBound
    }
    let isPassing = segment.above >= 0 && segment.above == segment.below
    return isIncluded(segment.above, layer)
      && isIncluded(segment.below, isPassing ? layer : layer + 1)
  }

  /// The highlighted ranges of horizontal lines in a channel.
  func spans(in band: LayeredDrawing.Band, layer: Int, nodeCount: Int) -> [Int: ClosedRange<Int>] {
    guard !parts.isEmpty else { return [:] }
    var spans: [Int: ClosedRange<Int>] = [:]
    for segment in band.channelLines where includes(segment, layer: layer, nodeCount: nodeCount) {
      let before = spans[segment.net] ?? segment.place...segment.place
      spans[segment.net] =
        min(before.lowerBound, segment.place)...max(before.upperBound, segment.place)
    }
    return spans
  }
}
