import JSONValue
import Workflow

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
