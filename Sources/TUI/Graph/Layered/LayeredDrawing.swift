internal import Algorithms

/// A graph drawn in layers: boxes, and lines between them, on a canvas that may be millions of
/// columns wide. Only positions are stored; a search finds the visible part, so painting costs
/// what it shows.
///
/// The method is the usual one: assign nodes to layers (`NodeGraph`), order each layer
/// (`LayerOrder`), assign columns (`LayerPlacement`), route the lines through the channels
/// between layers (`ChannelRouter`). The result depends only on the graph and the sizes of
/// boxes, never on states, so nothing moves during a run.
struct LayeredDrawing: Equatable {
  /// A node's box.
  struct Box: Equatable {
    var column: Int
    var row: Int
    let width: Int
    let height: Int

    var middle: Int { column + width / 2 }
    var rectangle: Rectangle {
      Rectangle(column: column, row: row, columns: width, rows: height)
    }
  }

  /// A vertical or horizontal part of a net.
  struct Segment: Equatable {
    let net: Int
    /// The column of a vertical line, the row of a horizontal one.
    let place: Int
    /// Its rows or columns, both ends included.
    let range: ClosedRange<Int>
    /// The items at its ends; -1 if it turns into a horizontal line.
    var above = -1
    var below = -1
  }

  /// By node.
  private(set) var boxes: [Box]
  private(set) var size = Size(columns: 0, rows: 0)
  /// The nodes of each layer, from left to right.
  let layers: [[Int]]
  /// The nets that pass each layer and the channel below it.
  let bands: [Band]

  /// A layer and the channel below it.
  struct Band: Equatable {
    let row: Int
    let height: Int
    var channelRow: Int { row + height }
    let channelHeight: Int
    /// Vertical lines, by column: in the layer, and in the channel.
    var layerLines: [Segment] = []
    var channelLines: [Segment] = []
    /// Horizontal lines, by row, then by column.
    var horizontalLines: [Segment] = []
    /// Where lines enter a box from below, by column.
    var arrows: [Point] = []

    var endRow: Int { channelRow + channelHeight }
  }
}

extension LayeredDrawing {
  /// `sizes` are the sizes of the boxes. `tail` leaves an empty row above boxes: in ASCII, a
  /// corner directly above a box looks like an arrow into it.
  init(_ graph: NodeGraph, sizes: [Size], tail: Bool = false) {
    let layered = LayeredGraph(graph)
    let order = LayerOrder.layers(of: layered)
    let lines = layered.lineCounts
    // Wide enough for lines two columns apart between the corners.
    let widths = graph.nodes.indices.map { max(sizes[$0].columns, 2 * lines[$0] + 3) }
    let columns = LayerPlacement.columns(layered, order, nodeWidths: widths)
    var writer = LayeredWriter(layered, columns, widths, sizes.map(\.rows), tail: tail)
    for layer in layered.layers.indices { writer.write(layer) }
    boxes = writer.boxes
    bands = writer.bands
    layers = order.map { $0.filter { layered.isNode($0) } }
    size = Size(columns: writer.width, rows: bands.last?.endRow ?? 0)
  }
}

/// Builds bands from top to bottom.
private struct LayeredWriter {
  typealias Segment = LayeredDrawing.Segment

  private(set) var boxes: [LayeredDrawing.Box]
  private(set) var bands: [LayeredDrawing.Band] = []
  private(set) var width = 0

  private let layered: LayeredGraph
  private var columns: [Int]
  private let heights: [Int]
  private let tail: Int
  private var row = 0

  init(
    _ layered: LayeredGraph, _ columns: [Int], _ widths: [Int], _ heights: [Int], tail: Bool
  ) {
    self.tail = tail ? 1 : 0
    self.layered = layered
    self.columns = columns
    self.heights = heights
    boxes = widths.indices.map { node in
      LayeredDrawing.Box(
        column: columns[node], row: 0, width: widths[node], height: heights[node])
    }
    width = boxes.map { $0.column + $0.width }.max() ?? 0
  }

  mutating func write(_ layer: Int) {
    let nodes = layered.layers[layer].filter { layered.isNode($0) }
    let height = nodes.map { heights[$0] }.max() ?? 1
    for node in nodes { boxes[node].row = row }
    let router = ChannelRouter(layered.channels[layer].map(wire))
    let isLast = layer + 1 == layered.layers.count
    let hasArrows = layered.channels[layer].contains { layered.graph.nets[$0.net].kind.leadsBack }
    let lead = hasArrows ? 1 : 0
    let channelHeight =
      isLast && router.routes.isEmpty
      ? 0 : max(1, lead + router.trackCount + (router.trackCount > 0 && !isLast ? tail : 0))
    var band = LayeredDrawing.Band(row: row, height: height, channelHeight: channelHeight)
    for item in layered.layers[layer] where !layered.isNode(item) {
      let net = layered.passages[item - layered.graph.nodes.count]
      let rows = row...(row + height - 1)
      band.layerLines.append(
        Segment(net: net, place: columns[item], range: rows, above: item, below: item))
    }
    band.layerLines.sort { $0.place < $1.place }
    for (index, route) in router.routes.enumerated() {
      add(route, of: layered.channels[layer][index], lead, to: &band)
    }
    band.channelLines.sort { ($0.place, $0.range.lowerBound) < ($1.place, $1.range.lowerBound) }
    band.horizontalLines.sort { ($0.place, $0.range.lowerBound) < ($1.place, $1.range.lowerBound) }
    band.arrows.sort { $0.column < $1.column }
    bands.append(band)
    row = band.endRow
  }

  private func wire(_ wire: LayeredGraph.Wire) -> ChannelRouter.RoutedWire {
    ChannelRouter.RoutedWire(
      net: wire.net, tops: wire.tops.map { end($0, isTop: true) },
      bottoms: wire.bottoms.map { end($0, isTop: false) })
  }

  /// Where lines may meet an item. A passage's column is fixed by its first line.
  private func end(_ item: Int, isTop: Bool) -> ChannelRouter.End {
    let column = columns[item]
    guard layered.isNode(item) else {
      let slack = isTop ? 0 : LayerPlacement.passageWidth - 1
      return ChannelRouter.End(item: item, range: column...(column + slack), isNode: false)
    }
    return ChannelRouter.End(
      item: item, range: (column + 1)...(column + boxes[item].width - 2), isNode: true)
  }

  private mutating func add(
    _ route: ChannelRouter.Route, of wire: LayeredGraph.Wire, _ lead: Int,
    to band: inout LayeredDrawing.Band
  ) {
    let net = layered.graph.nets[wire.net]
    let last = band.endRow - 1
    guard let track = route.track else {
      // One line straight down.
      let (top, bottom) = (wire.tops[0], wire.bottoms[0])
      place(bottom, route.bottoms[0])
      band.channelLines.append(
        Segment(
          net: wire.net, place: route.tops[0], range: rowBelow(top, band)...last, above: top,
          below: bottom))
      point(top, net, route.tops[0], &band)
      return
    }
    let line = band.channelRow + lead + track
    for (item, column) in zip(wire.tops, route.tops) {
      band.channelLines.append(
        Segment(net: wire.net, place: column, range: rowBelow(item, band)...line, above: item))
      point(item, net, column, &band)
    }
    for (item, column) in zip(wire.bottoms, route.bottoms) {
      place(item, column)
      band.channelLines.append(
        Segment(net: wire.net, place: column, range: line...last, below: item))
    }
    band.horizontalLines.append(Segment(net: wire.net, place: line, range: route.span))
    width = max(width, route.span.upperBound + 1)
  }

  /// The first row below an item; boxes of a layer may have different heights.
  private func rowBelow(_ item: Int, _ band: LayeredDrawing.Band) -> Int {
    layered.isNode(item) ? boxes[item].row + heights[item] : band.channelRow
  }

  private mutating func place(_ item: Int, _ column: Int) {
    if !layered.isNode(item) { columns[item] = column }
  }

  private func point(
    _ item: Int, _ net: Net, _ column: Int, _ band: inout LayeredDrawing.Band
  ) {
    guard net.kind.leadsBack, layered.isNode(item), net.targets.binaryContains(item) else { return }
    band.arrows.append(Point(column: column, row: rowBelow(item, band)))
  }
}

extension LayeredDrawing {
  /// The bands that intersect a rectangle, with their layers.
  func bands(in area: Rectangle) -> some Sequence<(offset: Int, element: Band)> {
    let first = bands.partitioningIndex { $0.endRow > area.row }
    return zip(first..., bands[first...].prefix { $0.row < area.endRow })
      .lazy.map { (offset: $0, element: $1) }
  }

  /// The nodes of a layer whose boxes intersect these columns, from left to right.
  func nodes(ofLayer layer: Int, columns: Range<Int>) -> ArraySlice<Int> {
    let nodes = layers[layer]
    let first = nodes.partitioningIndex {
      boxes[$0].column + boxes[$0].width > columns.lowerBound
    }
    let end = nodes.partitioningIndex { boxes[$0].column >= columns.upperBound }
    return nodes[first..<max(first, end)]
  }
}

extension [LayeredDrawing.Segment] {
  /// The segments at these positions, of segments sorted by position.
  func places(_ places: Range<Int>) -> ArraySlice<LayeredDrawing.Segment> {
    let first = partitioningIndex { $0.place >= places.lowerBound }
    return self[first..<Swift.max(first, partitioningIndex { $0.place >= places.upperBound })]
  }
}

extension [Int] {
  /// Whether an ascending list has a number.
  func binaryContains(_ number: Int) -> Bool {
    let place = partitioningIndex { $0 >= number }
    return place < count && self[place] == number
  }
}
