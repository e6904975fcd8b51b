import Workflow

extension GraphDrawing {
  /// Graphviz text. Control signals and backward edges are dashed.
  var dot: [String] {
    var lines = [
      "digraph \(Self.dotQuoted(workflow.name.displayName)) {",
      "  node [shape=box, fontname=\"sans-serif\"];",
      "  edge [fontname=\"sans-serif\", fontsize=10];",
    ]
    for node in nodes {
      let shape = node.kind == .choice ? ", shape=diamond" : ""
      lines.append("  n\(node.number) [label=\(Self.dotQuoted(label(node)))\(shape)];")
    }
    for edge in edges {
      var attributes = "label=\(Self.dotQuoted(label(edge)))"
      if edge.isDashed { attributes += ", style=dashed" }
      if edge.leadsBack { attributes += ", constraint=false" }
      lines.append("  n\(nodes[edge.from].number) -> n\(nodes[edge.to].number) [\(attributes)];")
    }
    return lines + ["}"]
  }

  /// Graphviz interprets backslashes and HTML entities even in quoted labels.
  private static func dotQuoted(_ text: String) -> String {
    let content = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
      .replacing("&", with: "&amp;")
    return "\"\(content)\""
  }
}
