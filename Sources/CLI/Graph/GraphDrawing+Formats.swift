import JSONValue
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

extension GraphDrawing {
  /// Names are those of the file. Nodes are in topological order, and edges refer to their ids.
  var json: JSON {
    [
      "name": .string(workflow.name), "stages": .bool(isFolded),
      "nodes": .array(nodes.map(json)), "edges": .array(edges.map(json)),
    ]
  }

  private func json(_ node: Node) -> JSON {
    let functions = Set(node.processes.compactMap { workflow[$0].function }).sorted()
    return [
      "id": .int(node.number), "name": .string(node.name), "type": .string(node.kind.rawValue),
      "level": .int(node.level), "count": .int(node.processes.count),
      "functions": .array(functions.map(JSON.string)),
      "processes": .array(node.processes.map { .int($0.number) }),
    ]
  }

  private func json(_ edge: Edge) -> JSON {
    [
      "from": .int(nodes[edge.from].number), "to": .int(nodes[edge.to].number),
      "control": edge.control.map { .string($0.rawValue) } ?? .null,
      "leadsBack": .bool(edge.leadsBack),
      "signals": .array(edge.signals.map { .string(workflow[$0].name) }),
    ]
  }
}

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
