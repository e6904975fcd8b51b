import TUI
import Workflow

extension GraphDrawing {
  /// As the screen draws it. Edges that lead back have no lanes: they are told beside the name.
  func text(ascii: Bool) -> [String] {
    var children = [Set<Int>](repeating: [], count: nodes.count)
    var notes = nodes.map { node in
      node.processes.count > 1 ? ["\(ascii ? "x" : "×")\(node.processes.count)"] : []
    }
    for edge in edges {
      if edge.leadsBack {
        let target = nodes[edge.to].name.displayName
        notes[edge.from].append("\(ascii ? "<-" : "↺") \(target) (\(label(edge)))")
      } else {
        children[edge.from].insert(edge.to)
      }
    }
    let drawn = nodes.indices.map { index in
      GraphText.Node(
        name: nodes[index].name.displayName, note: notes[index].joined(separator: "  "),
        children: children[index].sorted())
    }
    return GraphText.lines(drawn, ascii: ascii)
  }
}
