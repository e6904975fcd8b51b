import Workflow

extension GraphDrawing {
  /// Mermaid text. Control signals and backward edges are dashed.
  var mermaid: [String] {
    var lines = ["flowchart TD"]
    for node in nodes {
      let text = Self.mermaidQuoted(label(node))
      lines.append("  n\(node.number)" + (node.kind == .choice ? "{\(text)}" : "[\(text)]"))
    }
    for edge in edges {
      let arrow = edge.isDashed ? "-.->" : "-->"
      lines.append(
        "  n\(nodes[edge.from].number) \(arrow)|\(Self.mermaidQuoted(label(edge)))|"
          + " n\(nodes[edge.to].number)")
    }
    return lines
  }

  /// Escapes every ASCII character that may have a meaning in Mermaid, Markdown or HTML.
  private static func mermaidQuoted(_ text: String) -> String {
    var content = ""
    for scalar in text.unicodeScalars {
      if scalar.isASCII, !isPlain(scalar) {
        content += "#\(scalar.value);"
      } else {
        content.unicodeScalars.append(scalar)
      }
    }
    return "\"\(content)\""
  }

  private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9", " ", "_", "-", ".", ",", ":", "/": true
    default: false
    }
  }
}
