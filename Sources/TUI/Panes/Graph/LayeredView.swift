internal import Engine
internal import HumanText
internal import Workflow

/// Draws the layered drawing: boxes, lines, and a legend.
struct LayeredView {
  private let model: Model
  private let state: LayeredState
  private let theme: Theme
  /// Within the border.
  private let inner: Rectangle
  private let graph: NodeGraph
  private let chosen: Int?
  private let critical: Highlight

  static func draw(_ model: Model, in area: Rectangle, on buffer: inout CellBuffer) {
    guard let state = model.graph.layered, !model.graph.scene.items.isEmpty else {
      Frame.drawEmpty("no processes", in: area, theme: model.theme, on: &buffer)
      return
    }
    let view = LayeredView(model, state, area)
    view.drawContent(on: &buffer)
    let end = view.drawLegend(in: area, on: &buffer)
    Frame.drawScroll(
      top: max(0, state.origin.row), height: view.inner.rows,
      count: state.drawing.size.rows, in: area, theme: model.theme, on: &buffer)
    view.drawSideways(from: end, in: area, on: &buffer)
  }

  private init(_ model: Model, _ state: LayeredState, _ area: Rectangle) {
    self.model = model
    self.state = state
    theme = model.theme
    inner = area.inset()
    graph = model.graph.scene.graph
    chosen = model.graph.scene.place(of: model.graph.cursor, model.run.graph)
    critical = model.graph.showsCriticalInDrawing ? model.graph.critical.highlight : Highlight()
  }

  /// Converts a canvas position to the screen.
  private func place(_ point: Point) -> Point {
    Point(
      column: point.column - state.origin.column + inner.column,
      row: point.row - state.origin.row + inner.row)
  }

  private func drawContent(on buffer: inout CellBuffer) {
    let area = Rectangle(
      column: state.origin.column, row: state.origin.row, columns: inner.columns, rows: inner.rows)
    let painter = LinePainter(
      state.drawing, graph, area: area,
      highlights: [(.related, model.graph.related), (.critical, critical)])
    for row in area.row..<area.endRow {
      for column in area.column..<area.endColumn {
        let point = Point(column: column, row: row)
        let cell = painter[point]
        guard !cell.line.isEmpty else { continue }
        let glyph =
          cell.isArrow ? (theme.ascii ? "^" : "▲") : cell.line.glyph(ascii: theme.ascii)
        buffer.write(String(glyph), at: place(point), style: theme.style(cell.tone))
      }
    }
    // Boxes may be partly outside the view: draw them separately and copy the visible part.
    for (layer, _) in state.drawing.bands(in: area) {
      let columns = area.column..<area.endColumn
      for node in state.drawing.nodes(ofLayer: layer, columns: columns) {
        drawBox(node, painter, on: &buffer)
      }
    }
  }

  private func drawBox(_ node: Int, _ painter: LinePainter, on buffer: inout CellBuffer) {
    let box = state.drawing.boxes[node]
    let picture = NodeBox(
      model, graph.nodes[node], zoom: state.zoom,
      size: Size(columns: box.width, rows: box.height), isChosen: node == chosen,
      isCritical: critical.nodes.contains(node), feedsItself: graph.loops.contains(node),
      hidden: model.graph.scene.hidden[guarding: node] ?? .init())
    var canvas = picture.draw()
    if picture.hasBorder {
      for column in 1..<max(1, box.width - 1) {
        for row in [0, box.height - 1] {
          let port = painter.ports[Point(column: box.column + column, row: box.row + row)]
          if let port { picture.open(&canvas, Point(column: column, row: row), port) }
        }
      }
    }
    let corner = place(Point(column: box.column, row: box.row))
    buffer.copy(canvas, to: corner, within: inner)
  }

  // MARK: The border

  /// The legend of line kinds, on the lower border. Returns the column at which it ends.
  private func drawLegend(in area: Rectangle, on buffer: inout CellBuffer) -> Int {
    var parts: [(String, LineTone)] = []
    if critical.nodes.count > 1 {
      let length = model.graph.critical.length
      // Until the run has ended, durations of what has not run are estimates.
      let about = model.phase == .live ? " about " : " "
      let time = length > 0 ? about + Formats.mean(milliseconds: Double(length)) : ""
      parts.append(((theme.ascii ? "=" : "━") + " critical path" + time, .critical))
    }
    if graph.nets.contains(where: { $0.kind.control != nil && !$0.kind.leadsBack }) {
      parts.append(((theme.ascii ? "." : "╌") + " control", .control))
    }
    if graph.nets.contains(where: \.kind.leadsBack) {
      parts.append(((theme.ascii ? "^" : "▲") + " leads back", .back))
    }
    guard !parts.isEmpty else { return inner.column }
    var line = Line()
    for (text, tone) in parts { line.append(" " + text + " ", theme.style(tone)) }
    guard line.width <= area.columns - 4 else { return inner.column }
    buffer.write(line, at: Point(column: area.column + 2, row: area.endRow - 1))
    return area.column + 2 + line.width
  }

  /// The horizontal scroll position, on the lower border to the right of the legend.
  private func drawSideways(
    from first: Int, in area: Rectangle, on buffer: inout CellBuffer
  ) {
    let (count, shown) = (state.drawing.size.columns, inner.columns)
    let width = inner.endColumn - first
    guard count > shown, width > 2 else { return }
    let length = max(1, width * shown / count)
    let start = (width - length) * max(0, state.origin.column) / max(1, count - shown)
    for offset in 0..<length {
      buffer.write(
        theme.ascii ? "#" : "━",
        at: Point(column: first + min(start + offset, width - 1), row: area.endRow - 1),
        style: theme.dim)
    }
  }
}
