internal import Algorithms

/// The highlighting of a line; where lines join, the greater tone is used.
enum LineTone: UInt8, Comparable {
  case plain, control, back, related, critical

  static func < (one: LineTone, other: LineTone) -> Bool { one.rawValue < other.rawValue }

  /// The stroke for a line whose own tone is `base`: highlighting does not make dashed lines
  /// solid.
  func stroke(base: LineTone) -> Stroke {
    if self == .critical { return .heavy }
    return base == .plain ? .light : .dashed
  }
}

extension Net {
  /// The stroke without highlighting.
  var tone: LineTone { kind.leadsBack ? .back : kind.control != nil ? .control : .plain }
}

/// The lines of a drawing within a rectangle of its canvas.
struct LinePainter {
  struct Cell: Equatable {
    var line = LineCell()
    var tone = LineTone.plain
    /// Whether a line enters the box above.
    var isArrow = false
    /// The net of the vertical line; -1 for none.
    fileprivate var verticalNet = -1
  }

  let area: Rectangle
  /// Where lines meet boxes, and what to add to the borders there.
  private(set) var ports: [Point: Cell] = [:]
  private var cells: [Cell]
  private let graph: NodeGraph
  private let highlights: [(tone: LineTone, highlight: Highlight)]

  init(
    _ drawing: LayeredDrawing, _ graph: NodeGraph, area: Rectangle,
    highlights: [(tone: LineTone, highlight: Highlight)] = []
  ) {
    self.graph = graph
    self.area = area
    self.highlights = highlights.sorted { $0.tone < $1.tone }
    cells = Array(repeating: Cell(), count: area.columns * area.rows)
    for (layer, band) in drawing.bands(in: area.withBorder) { paint(band, layer) }
  }

  subscript(point: Point) -> Cell {
    guard area.contains(point) else { return Cell() }
    return cells[place(point)]
  }

  private func place(_ point: Point) -> Int {
    (point.row - area.row) * area.columns + point.column - area.column
  }

  private mutating func paint(_ band: LayeredDrawing.Band, _ layer: Int) {
    let columns = area.column..<area.endColumn
    for segment in band.layerLines.places(columns) { drawVertical(segment, layer) }
    for segment in band.channelLines.places(columns) { drawVertical(segment, layer) }
    let spans = highlights.map {
      $0.highlight.spans(in: band, layer: layer, nodeCount: graph.nodes.count)
    }
    for segment in band.horizontalLines.places(area.row..<area.endRow) {
      drawHorizontal(segment, segment.range, graph.nets[segment.net].tone)
      for (spans, highlight) in zip(spans, highlights) {
        if let span = spans[segment.net] { drawHorizontal(segment, span, highlight.tone) }
      }
    }
    let first = band.arrows.partitioningIndex { $0.column >= area.column }
    for arrow in band.arrows[first...].prefix(while: { $0.column < area.endColumn })
    where area.contains(arrow) {
      cells[place(arrow)].isArrow = true
    }
  }

  private func tone(_ segment: LayeredDrawing.Segment, _ layer: Int) -> LineTone {
    highlights.reduce(graph.nets[segment.net].tone) { tone, other in
      other.highlight.includes(segment, layer: layer, nodeCount: graph.nodes.count)
        ? max(tone, other.tone) : tone
    }
  }

  /// Draws a vertical line, over the lines that cross it.
  private mutating func drawVertical(_ segment: LayeredDrawing.Segment, _ layer: Int) {
    let tone = tone(segment, layer)
    let stroke = tone.stroke(base: graph.nets[segment.net].tone)
    let (first, last) = (segment.range.lowerBound, segment.range.upperBound)
    for row in max(first, area.row)..<max(first, min(last + 1, area.endRow), area.row) {
      var joint: Joint = .vertical
      if row == first, segment.above < 0 { joint.remove(.up) }
      if row == last, segment.below < 0 { joint.remove(.down) }
      let place = place(Point(column: segment.place, row: row))
      cells[place].line.add(joint, stroke)
      cells[place].tone = max(cells[place].tone, tone)
      cells[place].verticalNet = segment.net
    }
    let port = Cell(line: LineCell(.down, stroke), tone: tone)
    add(port, segment.above, Point(column: segment.place, row: first - 1))
    let other = Cell(line: LineCell(.up, stroke), tone: tone)
    add(other, segment.below, Point(column: segment.place, row: last + 1))
  }

  private mutating func add(_ port: Cell, _ item: Int, _ point: Point) {
    guard item >= 0, item < graph.nodes.count, area.contains(point) else { return }
    ports[point] = port
  }

  /// Draws a horizontal line: beneath lines of other nets, joined with those of its own.
  private mutating func drawHorizontal(
    _ segment: LayeredDrawing.Segment, _ range: ClosedRange<Int>, _ tone: LineTone
  ) {
    let (first, last) = (range.lowerBound, range.upperBound)
    for column in max(first, area.column)..<max(first, min(last + 1, area.endColumn), area.column) {
      let place = place(Point(column: column, row: segment.place))
      let verticalNet = cells[place].verticalNet
      guard verticalNet < 0 || verticalNet == segment.net else { continue }
      var joint: Joint = .horizontal
      if column == first { joint.remove(.left) }
      if column == last { joint.remove(.right) }
      cells[place].line.add(joint, tone.stroke(base: graph.nets[segment.net].tone))
      cells[place].tone = max(cells[place].tone, tone)
    }
  }
}

extension Rectangle {
  /// The rectangle with one more row above and below.
  fileprivate var withBorder: Rectangle {
    Rectangle(column: column, row: row - 1, columns: columns, rows: rows + 2)
  }
}
