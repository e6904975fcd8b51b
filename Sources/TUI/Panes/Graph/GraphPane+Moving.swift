internal import Engine
internal import Workflow

// Moving the cursor.
extension GraphPane {
  /// In the drawing: left and right within a layer, up and down along edges.
  mutating func move(_ move: Action.Move, _ run: RunState) {
    guard let drawing = layered?.drawing, let node = scene.place(of: cursor, run.graph) else {
      return
    }
    let layer = scene.graph.layers[node]
    let next: Int?
    switch move {
    case .left, .right:
      let nodes = drawing.layers[layer]
      let place = (nodes.firstIndex(of: node) ?? 0) + (move == .left ? -1 : 1)
      next = nodes[guarding: place]
    case .down: next = nearest(below: node, drawing)
    case .up: next = nearest(above: node, drawing)
    case .first: next = drawing.layers.first?.first
    case .last: next = drawing.layers.last?.first
    default: next = nil
    }
    if let next { cursor = scene.graph.nodes[next] }
  }

  private func nearest(below node: Int, _ drawing: LayeredDrawing) -> Int? {
    let outputs = scene.graph.outputs[node].map { scene.graph.nets[$0] }
    let targets = outputs.filter { !$0.kind.leadsBack }.flatMap(\.targets)
    let layer = targets.map { scene.graph.layers[$0] }.min() ?? scene.graph.layers[node] + 1
    let near = targets.filter { scene.graph.layers[$0] == layer }
    return closest(near.isEmpty ? drawing.layers[guarding: layer] ?? [] : near, to: node, drawing)
  }

  private func nearest(above node: Int, _ drawing: LayeredDrawing) -> Int? {
    let inputs = scene.graph.inputs[node].map { scene.graph.nets[$0] }
    let sources = inputs.filter { !$0.kind.leadsBack }.flatMap(\.sources)
    let layer = sources.map { scene.graph.layers[$0] }.max() ?? scene.graph.layers[node] - 1
    let near = sources.filter { scene.graph.layers[$0] == layer }
    return closest(near.isEmpty ? drawing.layers[guarding: layer] ?? [] : near, to: node, drawing)
  }

  private func closest(_ nodes: [Int], to node: Int, _ drawing: LayeredDrawing) -> Int? {
    let middle = drawing.boxes[node].middle
    return nodes.min {
      abs(drawing.boxes[$0].middle - middle) < abs(drawing.boxes[$1].middle - middle)
    }
  }

  // MARK: Searching

  /// Moves to the next row, cyclically, whose node matches.
  mutating func seek(_ steps: Int, _ run: RunState, where fits: (NodeGraph.Node) -> Bool) -> Bool {
    let (start, count) = (row(run), scene.items.count)
    for distance in 1...max(1, count) {
      let row = ((start + steps * distance) % count + count) % count
      if fits(node(of: scene.items[row])) {
        move(to: row)
        return true
      }
    }
    return false
  }

  func isFound(_ node: NodeGraph.Node, _ run: RunState) -> Bool {
    !search.isEmpty && NodeText.name(node, run).lowercased().contains(search.lowercased())
  }
}
