import Testing

@testable import TUI

/// The rails as drawings; nodes are letters.
struct RailTests {
  static func drawing(_ graph: NodeGraph, laneLimit: Int = 8, ascii: Bool = false) -> [String] {
    drawing(graph, Rails(graph, laneLimit: laneLimit, ascii: ascii), ascii: ascii)
  }

  private static func drawing(_ graph: NodeGraph, _ rails: Rails, ascii: Bool) -> [String] {
    rails.items.indices.map { row in
      let letter = if case .node(let node) = rails.items[row] { Self.letter(node) } else { "#" }
      return Rails.text(
        rails.lanes(row), bundle: rails.bundle, glyph: letter, ascii: ascii
      ) { net in net < 0 || graph.nets[Int(net)].kind.isPlain ? .light : .dashed }.trimmedEnd
    }
  }

  private static func letter(_ node: Int) -> String {
    String(UnicodeScalar(UInt8(65 + node % 26)))
  }

  // MARK: Pictures

  @Test func `a chain is one lane`() {
    #expect(Self.drawing(NodeGraph(edges: [[1], [2], []])) == [" A", " B", " C"])
  }

  @Test func `nodes without edges stand apart`() {
    #expect(Self.drawing(NodeGraph(edges: [[], [], []])) == [" A", "╶B", "╶C"])
  }

  @Test func `a diamond splits and joins`() {
    #expect(
      Self.drawing(NodeGraph(edges: [[1, 2], [3], [3], []])) == [
        " A", " ├─B─╮", " ╰─C─┤", "     D",
      ])
  }

  @Test func `a long edge passes beside the nodes between its ends`() {
    #expect(
      Self.drawing(NodeGraph(edges: [[1, 3], [2], [3], []])) == [" A", " ├─B", " │ C", " D─╯"])
  }

  @Test func `a fan is two lanes, however wide`() {
    let graph = NodeGraph(edges: [[1, 2, 3, 4], [5], [5], [5], [5], []])
    #expect(
      Self.drawing(graph) == [" A", " ├─B─╮", " ├─C─┤", " ├─D─┤", " ╰─E─┤", "     F"])
    #expect(
      Self.drawing(graph, ascii: true)
        == [" A", " +-B-+", " +-C-+", " +-D-+", " +-E-+", "     F"])
  }

  @Test func `a lane passes over crossing lines`() {
    let graph = NodeGraph(edges: [[2, 3], [2, 4], [], [], []])
    let rails = Rails(graph, (0..<5).map(Rails.Item.node), laneLimit: 8)
    #expect(
      Self.drawing(graph, rails, ascii: false) == [" A", " │ B", " ├─┼─C", " ╰─│─D", "   E"])
  }

  @Test func `the target of a backward edge is marked`() {
    let graph = NodeGraph(edges: [[1], [2], []], back: [(2, 0)])
    #expect(Self.drawing(graph) == [" A◂╮", " B ╎", " C─╯"])
  }

  @Test func `more nets than lanes share the bundle`() {
    let edges = (0..<6).map { [$0 + 6] } + Array(repeating: [], count: 6)
    let graph = NodeGraph(edges: edges)
    let rails = Rails(graph, (0..<12).map(Rails.Item.node), laneLimit: 2)
    #expect(rails.bundle == 3)
    #expect(
      Self.drawing(graph, rails, ascii: false) == [
        " A", " │ B", " │ │ C─╮", " │ │╶D─┤", " │ │╶E─┤", " │ │╶F─┤", " G │   ┋", "   H   ┋",
        " I────◂┤", " J────◂┤", " K────◂┤", " L────◂╯",
      ])
  }

  @Test func `lanes pass the headings`() {
    let graph = NodeGraph(edges: [[1, 2], [3], [3], []])
    let rails = Rails(
      graph, [.node(0), .heading(7), .node(1), .node(2), .node(3)], laneLimit: 8)
    #expect(
      Self.drawing(graph, rails, ascii: false) == [" A", " │", " ├─B─╮", " ╰─C─┤", "     D"])
    #expect(rails.rowOf == [0, 2, 3, 4])
  }

  // MARK: Properties

  @Test func `rows are in topological order, each node once`() {
    var random = Seeded(seed: 4)
    for _ in 0..<100 {
      let (_, graph) = RandomGraphs.next(&random, nodes: 30, cyclic: true)
      let order = RowOrder.rows(graph)
      #expect(order.sorted() == Array(graph.nodes.indices))
      let place = Rails(graph, laneLimit: 6).rowOf
      for net in graph.nets where !net.kind.leadsBack {
        for source in net.sources {
          for target in net.targets { #expect(place[source] < place[target]) }
        }
      }
    }
  }

  @Test(arguments: [false, true])
  func `reading the rows gives the edges`(ascii: Bool) {
    var random = Seeded(seed: ascii ? 10 : 9)
    for round in 0..<200 {
      let (joins, graph) = RandomGraphs.next(&random, nodes: 20)
      let rails = Rails(graph, laneLimit: 40, ascii: ascii)
      let edges = RailReader(rails, ascii: ascii).edges
      #expect(rails.bundle == nil)
      #expect(
        edges == graph.edges,
        """
        round \(round): \(joins)
        \(Self.drawing(graph, laneLimit: 40, ascii: ascii).joined(separator: "\n"))
        """)
    }
  }

  @Test func `rails are never wider than their lanes and a node`() {
    var random = Seeded(seed: 12)
    for _ in 0..<100 {
      let (_, graph) = RandomGraphs.next(&random, nodes: 60, cyclic: true)
      let rails = Rails(graph, laneLimit: 5)
      #expect(rails.laneCount <= 2 * 5 + 3)
      for row in rails.items.indices { #expect(rails.lanes(row).count <= rails.laneCount) }
    }
  }
}
