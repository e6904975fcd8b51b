import Testing

@testable import TUI

/// The layered drawing, read back from its characters.
struct LayeredTests {
  static func drawing(
    _ graph: NodeGraph, width: Int = 6, height: Int = 3, ascii: Bool = false
  ) -> LayeredDrawing {
    LayeredDrawing(
      graph, sizes: graph.nodes.map { _ in Size(columns: width, rows: height) }, tail: ascii)
  }

  /// The whole canvas as characters; boxes are filled with a letter each, and with its capital
  /// where lines meet them.
  static func canvas(_ graph: NodeGraph, _ drawing: LayeredDrawing, ascii: Bool = false)
    -> [[Character]]
  {
    let area = Rectangle(
      column: 0, row: 0, columns: drawing.size.columns, rows: drawing.size.rows)
    let painter = LinePainter(drawing, graph, area: area)
    var rows = (0..<area.rows).map { row in
      (0..<area.columns).map { column -> Character in
        Character(painter[Point(column: column, row: row)].line.glyph(ascii: ascii))
      }
    }
    for (node, box) in drawing.boxes.enumerated() {
      for row in box.row..<box.row + box.height {
        for column in box.column..<box.column + box.width {
          let isPort = painter.ports[Point(column: column, row: row)] != nil
          rows[row][column] = isPort ? DrawingReader.port(node) : DrawingReader.box(node)
        }
      }
    }
    return rows
  }

  private static func text(_ graph: NodeGraph, width: Int = 6) -> [String] {
    canvas(graph, drawing(graph, width: width)).map { row in
      String(row.map { DrawingReader.isBox($0) ? "#" : $0 }).trimmedEnd
    }
  }

  // MARK: Pictures

  @Test func `a chain is a straight line`() {
    #expect(
      Self.text(NodeGraph(edges: [[1], [2], []])) == [
        "######", "######", "######", "  │", "######", "######", "######", "  │", "######",
        "######", "######",
      ])
  }

  /// Reads become variants: a passage beside a chain.
  @Test func `a parent stands over its children, and a chain does not drift`() {
    let graph = NodeGraph(edges: [[1], [2], [3, 4], [8], [5], [6], [8], [8], []])
    let boxes = Self.drawing(graph, width: 16).boxes
    for node in [1, 2] { #expect(boxes[node].middle == boxes[0].middle) }
    for node in [5, 6] { #expect(boxes[node].middle == boxes[4].middle) }
    #expect(abs(boxes[2].middle - (boxes[3].middle + boxes[4].middle) / 2) <= 3)
  }

  @Test func `a tree has its root in the middle`() {
    let graph = NodeGraph(edges: [[1, 2, 3], [4, 5], [6, 7], [8, 9], [], [], [], [], [], []])
    let boxes = Self.drawing(graph, width: 10).boxes
    #expect(abs(boxes[0].middle * 2 - boxes[1].middle - boxes[3].middle) <= 2)
  }

  @Test func `a diamond splits and joins`() {
    #expect(
      Self.text(NodeGraph(edges: [[1, 2], [3], [3], []])) == [
        "     ######", "     ######", "     ######", "  ╭────┴───╮", "######   ######",
        "######   ######", "######   ######", "  ╰────┬───╯", "     ######", "     ######",
        "     ######",
      ])
  }

  @Test func `a long edge passes beside the nodes between its ends`() {
    #expect(
      Self.text(NodeGraph(edges: [[1, 2], [2], []]), width: 8) == [
        "########", "########", "########", "   ├──────╮", "########  │", "########  │",
        "########  │", "   │  ╭───╯", "########", "########", "########",
      ])
  }

  @Test func `a backward edge is dashed and points up`() {
    let graph = NodeGraph(edges: [[1], []], back: [(1, 0)])
    let drawing = Self.drawing(graph)
    let area = Rectangle(column: 0, row: 0, columns: 12, rows: drawing.size.rows)
    let painter = LinePainter(drawing, graph, area: area)
    let arrows = (0..<12).filter { painter[Point(column: $0, row: 3)].isArrow }
    #expect(arrows.count == 1)
    let tones = (0..<12).map { painter[Point(column: $0, row: 3)].tone }
    #expect(tones.contains(.back))
  }

  // MARK: Properties

  @Test func `boxes never overlap, and lines never pass through them`() {
    var random = Seeded(seed: 3)
    for round in 0..<100 {
      let (joins, graph) = RandomGraphs.next(&random, nodes: 24, cyclic: round % 2 == 1)
      let drawing = Self.drawing(graph, width: Int(random.next() % 20) + 1)
      let area = Rectangle(
        column: 0, row: 0, columns: drawing.size.columns, rows: drawing.size.rows)
      let painter = LinePainter(drawing, graph, area: area)
      var owner: [Point: Int] = [:]
      for (node, box) in drawing.boxes.enumerated() {
        for row in box.row..<box.row + box.height {
          for column in box.column..<box.column + box.width {
            let point = Point(column: column, row: row)
            #expect(area.contains(point), "round \(round): \(joins)")
            #expect(owner.updateValue(node, forKey: point) == nil, "round \(round): \(joins)")
            #expect(painter[point].line.isEmpty, "round \(round): \(joins)")
          }
        }
      }
    }
  }

  @Test(arguments: [false, true])
  func `following the characters from a box leads to its net's ends`(ascii: Bool) {
    var random = Seeded(seed: ascii ? 8 : 7)
    for round in 0..<100 {
      let (joins, graph) = RandomGraphs.next(&random, nodes: 24, cyclic: round % 2 == 1)
      let drawing = Self.drawing(graph, width: Int(random.next() % 20) + 1, ascii: ascii)
      let canvas = Self.canvas(graph, drawing, ascii: ascii)
      let expected = graph.nets.map { Set($0.sources + $0.targets) }
      let shown = canvas.map { row in String(row.map { DrawingReader.isBox($0) ? "#" : $0 }) }
      #expect(
        Self.sorted(DrawingReader(canvas).components) == Self.sorted(expected),
        "round \(round): \(joins)\n\(shown.joined(separator: "\n"))")
    }
  }

  private static func sorted(_ sets: [Set<Int>]) -> [[Int]] {
    sets.map { $0.sorted() }.sorted { $0.lexicographicallyPrecedes($1) }
  }

  @Test func `a part of the canvas equals the same part of the whole`() {
    var random = Seeded(seed: 21)
    for round in 0..<30 {
      let (_, graph) = RandomGraphs.next(&random, nodes: 24, cyclic: true)
      let drawing = Self.drawing(graph, width: 9)
      let size = drawing.size
      let whole = LinePainter(
        drawing, graph,
        area: Rectangle(column: 0, row: 0, columns: size.columns, rows: size.rows))
      let area = Rectangle(
        column: Int(random.next() % 30), row: Int(random.next() % 20), columns: 17, rows: 9)
      let part = LinePainter(drawing, graph, area: area)
      for row in area.row..<area.endRow {
        for column in area.column..<area.endColumn {
          let point = Point(column: column, row: row)
          #expect(part[point].line == whole[point].line, "round \(round) at \(point)")
        }
      }
    }
  }

  @Test func `the same graph is drawn in the same way`() {
    var random = Seeded(seed: 5)
    for _ in 0..<20 {
      let (_, graph) = RandomGraphs.next(&random, nodes: 40, cyclic: true)
      #expect(Self.drawing(graph) == Self.drawing(graph))
    }
  }

  @Test func `layers go down, and upper nodes are drawn above`() {
    var random = Seeded(seed: 6)
    for _ in 0..<20 {
      let (_, graph) = RandomGraphs.next(&random, nodes: 40)
      let boxes = Self.drawing(graph).boxes
      for edge in graph.edges { #expect(boxes[edge[0]].row < boxes[edge[1]].row) }
    }
  }

  @Test func `sorting the layers leaves few crossings`() {
    // Two rows of eight, joined in reverse order.
    let edges = (0..<8).map { [15 - $0] } + Array(repeating: [], count: 8)
    let graph = NodeGraph(edges: edges)
    let canvas = Self.canvas(graph, Self.drawing(graph))
    #expect(canvas.count == 7, "straight lines need one row")
  }

  @Test func `a wide layer and a long chain are drawn`() {
    let crowd = NodeGraph(edges: [Array(1...5000)] + Array(repeating: [], count: 5000))
    #expect(Self.drawing(crowd).bands.count == 2)
    let chain = NodeGraph(edges: (0..<3000).map { $0 < 2999 ? [$0 + 1] : [] })
    #expect(Self.drawing(chain).size == Size(columns: 6, rows: 3000 * 4 - 1))
  }
}
