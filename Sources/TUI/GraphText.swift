// The graph pane's drawing for those who want it without a screen.

/// A graph as plain lines, drawn as the graph pane draws its stages.
public enum GraphText {
  public struct Node: Sendable {
    public let name: String
    /// Stands behind the name.
    public let note: String
    /// Indexes of the nodes that this one feeds; only those after it are drawn.
    public let children: [Int]

    public init(name: String, note: String, children: [Int]) {
      self.name = name
      self.note = note
      self.children = children
    }
  }

  /// Beyond so many nodes there are no lanes beside the names.
  public static let nodeLimit = StageGraph.stageLimit

  public static func lines(_ nodes: [Node], ascii: Bool) -> [String] {
    let theme = Theme(ascii: ascii, colors: .none)
    let graph = StageGraph(children: nodes.map(\.children))
    let widest = nodes.map { DisplayWidth.of($0.name) }.max() ?? 0
    return graph.compact.map { row in
      var line = GraphView.lanes(row.lanes, .waiting, .plain, theme)
      if let stage = row.stage {
        line.pad(to: graph.laneCount * 2)
        line.append(nodes[stage].name)
        if !nodes[stage].note.isEmpty {
          line.pad(to: graph.laneCount * 2 + min(widest, noteColumn) + 2)
          line.append(nodes[stage].note)
        }
      }
      return withoutTrailingBlanks(line.text)
    }
  }

  /// A long name pushes only its own note aside.
  private static let noteColumn = 40

  private static func withoutTrailingBlanks(_ text: String) -> String {
    var text = text[...]
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}
