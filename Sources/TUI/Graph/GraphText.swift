public import Workflow

/// The graph of a workflow as plain lines, drawn like the graph pane, without states.
public struct GraphText {
  let workflow: Workflow
  let scene: GraphScene
  let analysis: WorkflowGraph
  let isFolded: Bool
  let ascii: Bool
  private let isShared: Set<String>

  private static let laneLimit = 24
  /// Longer names shift the text after them.
  private static let widestName = 40

  /// With `folded`, the processes of one name and level are one node.
  public init(_ workflow: Workflow, folded: Bool, ascii: Bool) {
    self.workflow = workflow
    isFolded = folded
    self.ascii = ascii
    analysis = workflow.graph()
    var scope = GraphScope()
    if !folded { scope.fold = .processes }
    scene = GraphScene(workflow, analysis, scope)
    let byName = Dictionary(grouping: workflow.processes, by: \.name)
    isShared = Set(byName.filter { $0.value.count > 1 }.keys)
  }

  // MARK: Rails

  /// One line for each node, in topological order: lanes, name, and sources.
  public var rails: [String] {
    let rails = Rails(
      scene.graph, scene.items, laneLimit: Self.laneLimit, ascii: ascii)
    let names = rails.items.map { item -> String in
      if case .node(let node) = item { name(node) } else { "" }
    }
    let widest = min(Self.widestName, names.map(DisplayWidth.of).max() ?? 0)
    let lines = rails.items.indices.map { row -> String in
      guard case .node(let node) = rails.items[row] else { return "" }
      let lanes = Rails.text(
        rails.lanes(row), bundle: rails.bundle, glyph: ascii ? "o" : "●", ascii: ascii
      ) { net in
        if net < 0 { return .light }
        let tone = scene.graph.nets[Int(net)].tone
        return tone.stroke(base: tone)
      }
      let gap = String(repeating: " ", count: 2 * rails.laneCount + 1 - lanes.count)
      let origins = origins(node)
      let available = String(
        repeating: " ", count: max(0, widest - DisplayWidth.of(names[row])) + 2)
      return lanes + gap + names[row] + (origins.isEmpty ? "" : available + origins)
    }
    // The first column is used only if a node stands apart in it.
    let isNeeded = lines.contains { !$0.hasPrefix(" ") }
    return isNeeded ? lines : lines.map { String($0.dropFirst()) }
  }

  private func name(_ node: Int) -> String {
    var parts = [plainName(scene.graph.nodes[node])]
    let kind: Workflow.Process.Kind
    switch scene.graph.nodes[node] {
    case .stage(let number):
      let stage = analysis.stages[number]
      if stage.processes.count > 1 {
        parts.append((ascii ? "x" : "×") + "\(stage.processes.count)")
      }
      kind = workflow[stage.processes[0]].kind
    case .process(let process): kind = workflow[process].kind
    }
    if kind != .dataflow { parts.append(kind.symbol(ascii: ascii)) }
    if scene.graph.loops.contains(node) { parts.append(ascii ? "@" : "↺") }
    return parts.joined(separator: " ")
  }

  /// The name without count and kind.
  func plainName(_ node: NodeGraph.Node) -> String {
    switch node {
    case .stage(let number): return analysis.stages[number].name.displayName
    case .process(let process):
      let name = workflow[process].name
      let label = isShared.contains(name) ? workflow.label(process: process, firing: 1) : name
      return label.displayName
    }
  }

  // MARK: Layers

  /// The layered drawing; `nil` if it exceeds this number of columns or rows.
  public func layers(within limit: Int) -> [String]? {
    let names = scene.graph.nodes.indices.map(name)
    let widest = min(40, names.map(DisplayWidth.of).max() ?? 0)
    let size = Size(columns: widest + 4, rows: 3)
    let drawing = LayeredDrawing(scene.graph, sizes: names.map { _ in size }, tail: ascii)
    guard drawing.size.columns <= limit, drawing.size.rows <= limit else { return nil }
    var buffer = CellBuffer(drawing.size, ascii: ascii)
    let painter = LinePainter(drawing, scene.graph, area: buffer.bounds)
    for row in 0..<drawing.size.rows {
      for column in 0..<drawing.size.columns {
        let point = Point(column: column, row: row)
        let cell = painter[point]
        let glyph = cell.isArrow ? (ascii ? "^" : "▲") : cell.line.glyph(ascii: ascii)
        if !cell.line.isEmpty { buffer.write(String(glyph), at: point) }
      }
    }
    for (node, box) in drawing.boxes.enumerated() {
      draw(box, names[node], painter, on: &buffer)
    }
    return buffer.lines
  }

  private func draw(
    _ box: LayeredDrawing.Box, _ name: String, _ painter: LinePainter, on buffer: inout CellBuffer
  ) {
    let (right, bottom) = (box.column + box.width - 1, box.row + box.height - 1)
    for row in box.row...bottom {
      for column in box.column...right {
        var joint: Joint = []
        if row == box.row || row == bottom { joint.formUnion(.horizontal) }
        if column == box.column || column == right { joint.formUnion(.vertical) }
        if row == box.row { joint.remove(.up) }
        if row == bottom { joint.remove(.down) }
        if column == box.column { joint.remove(.left) }
        if column == right { joint.remove(.right) }
        let point = Point(column: column, row: row)
        var line = LineCell(joint)
        if let port = painter.ports[point] { line.add(port.line.joint, .light) }
        if !line.isEmpty { buffer.write(String(line.glyph(ascii: ascii)), at: point) }
      }
    }
    let available = box.width - 4
    let shown = Truncation.middle(name, available, ellipsis: ascii ? "~" : "…")
    let start = box.column + 2 + (available - DisplayWidth.of(shown)) / 2
    buffer.write(shown, at: Point(column: start, row: box.row + 1))
  }
}

extension Workflow.Process.Kind {
  /// The suffix for kinds other than dataflow.
  func symbol(ascii: Bool) -> String {
    switch self {
    case .dataflow: ""
    case .choice: ascii ? "<>" : "◇"
    case .join: ascii ? "><" : "◆"
    case .foreach: ascii ? "[]" : "∀"
    case .splitter: ascii ? "-<" : "⋔"
    }
  }
}

/// The sources of a node's inputs as text, because lanes alone are hard to read.
extension GraphText {
  private static let namedOrigins = 3

  /// For example `← split, work:1`; empty for a node without sources. Backward edges are
  /// included.
  func origins(_ node: Int) -> String {
    let own = scene.graph.nodes[node]
    let found = sources(of: own)
    guard !found.isEmpty else { return "" }
    let names = found.prefix(Self.namedOrigins).map(plainName)
    let more = found.count > Self.namedOrigins ? [ascii ? "..." : "…"] : []
    return (ascii ? "<- " : "← ") + (names + more).joined(separator: ", ")
  }

  /// One more than can be named, so that the caller knows whether there are more. Cost: the
  /// node's signals.
  private func sources(of own: NodeGraph.Node) -> [NodeGraph.Node] {
    var found: [NodeGraph.Node] = []
    var seen: Set<SignalID> = []
    for process in processes(of: own) {
      for input in workflow[process].inputs where seen.insert(input.signal).inserted {
        for producer in workflow.producers(of: input.signal) {
          let source = self.node(of: producer)
          guard source != own, !found.contains(source) else { continue }
          found.append(source)
          if found.count > Self.namedOrigins { return found }
        }
      }
    }
    return found
  }

  private func processes(of node: NodeGraph.Node) -> [ProcessID] {
    switch node {
    case .stage(let number): analysis.stages[number].processes
    case .process(let process): [process]
    }
  }

  private func node(of process: ProcessID) -> NodeGraph.Node {
    isFolded ? .stage(analysis.stageOf[process.index]) : .process(process)
  }
}
