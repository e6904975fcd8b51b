internal import Engine
internal import Workflow

/// The layered drawing of a scene, and its visible part.
struct LayeredState: Equatable {
  let drawing: LayeredDrawing
  let zoom: GraphPane.Zoom
  /// The zoom that the user chose; `nil` for as much as fits.
  let asked: GraphPane.Zoom?
  let ascii: Bool
  /// The open stages, whose boxes have cells.
  let opened: Set<Int>
  private(set) var view: Size
  /// The canvas position at the upper left corner of the view; negative if the canvas is
  /// smaller.
  private(set) var origin = Point(column: 0, row: 0)

  /// Drawings with more nodes are not tried in every zoom.
  private static let triedCount = 400

  init(
    _ scene: GraphScene, _ run: RunState, opened: Set<Int> = [], asked: GraphPane.Zoom?,
    view: Size, ascii: Bool
  ) {
    self.opened = opened
    self.asked = asked
    self.view = view
    self.ascii = ascii
    let all = GraphPane.Zoom.allCases
    var tried = asked.map { [$0] } ?? [.figures, .boxes, .names]
    if asked == nil, scene.graph.nodes.count > Self.triedCount { tried = [.names] }
    var best = (zoom: tried[0], drawing: Self.draw(scene, run, opened, tried[0], ascii))
    for zoom in tried.dropFirst() where !best.drawing.isInside(view) {
      best = (zoom, Self.draw(scene, run, opened, zoom, ascii))
    }
    // If no size fits, use the middle one.
    if asked == nil, tried.count == all.count, !best.drawing.isInside(view) {
      best = (.boxes, Self.draw(scene, run, opened, .boxes, ascii))
    }
    (zoom, drawing) = best
    scroll(to: Point(column: (drawing.size.columns - view.columns) / 2, row: 0))
  }

  private static func draw(
    _ scene: GraphScene, _ run: RunState, _ opened: Set<Int>, _ zoom: GraphPane.Zoom,
    _ ascii: Bool
  ) -> LayeredDrawing {
    LayeredDrawing(
      scene.graph, sizes: BoxSizes.all(scene, run, zoom, opened: opened), tail: ascii)
  }

  // MARK: The view

  mutating func resize(_ view: Size) {
    guard view != self.view else { return }
    self.view = view
    scroll(to: origin)
  }

  mutating func pan(columns: Int, rows: Int) {
    scroll(to: Point(column: origin.column + columns, row: origin.row + rows))
  }

  private mutating func scroll(to point: Point) {
    origin = Point(
      column: Self.within(point.column, drawing.size.columns, view.columns),
      row: Self.within(point.row, drawing.size.rows, view.rows))
  }

  /// A canvas that is smaller than the view is centred.
  private static func within(_ place: Int, _ canvas: Int, _ view: Int) -> Int {
    canvas <= view ? -(view - canvas) / 2 : min(max(0, place), canvas - view)
  }

  mutating func centre(on node: Int) {
    let box = drawing.boxes[node]
    scroll(
      to: Point(
        column: box.middle - view.columns / 2, row: box.row + box.height / 2 - view.rows / 2))
  }

  /// Moves as little as necessary to show a box and its surroundings.
  mutating func reveal(_ node: Int) {
    let box = drawing.boxes[node]
    scroll(
      to: Point(
        column: Self.nearest(
          origin.column, box.column - 4, box.column + box.width + 4, view.columns),
        row: Self.nearest(origin.row, box.row - 3, box.row + box.height + 3, view.rows)))
  }

  private static func nearest(_ place: Int, _ low: Int, _ high: Int, _ view: Int) -> Int {
    if high - low > view { return (low + high - view) / 2 }
    return min(max(place, high - view), low)
  }

  /// Whether a part of a node's box is visible.
  func shows(_ node: Int) -> Bool {
    let box = drawing.boxes[node].rectangle
    return box.column < origin.column + view.columns && box.endColumn > origin.column
      && box.row < origin.row + view.rows && box.endRow > origin.row
  }

  /// The node whose box is at a position of the view.
  func node(at place: Point) -> Int? {
    let point = Point(column: place.column + origin.column, row: place.row + origin.row)
    let area = Rectangle(column: point.column, row: point.row, columns: 1, rows: 1)
    for (layer, _) in drawing.bands(in: area) {
      for node in drawing.nodes(ofLayer: layer, columns: point.column..<point.column + 1)
      where drawing.boxes[node].rectangle.contains(point) { return node }
    }
    return nil
  }
}

extension LayeredDrawing {
  func isInside(_ view: Size) -> Bool { size.columns <= view.columns && size.rows <= view.rows }
}
