internal import Engine
internal import Workflow

/// The graph: as rails beside a list, or as a layered drawing where it has the whole screen.
///
/// What is shown (`scope`), where (`window`, `origin`) and what the cursor is on are a person's;
/// the rest is made from them in `settle`, and only when it changes.
struct GraphPane {
  var scope = GraphScope()
  var cursor = NodeGraph.Node.stage(0)
  /// How much a box of the drawing says; `nil` is as much as fits.
  var zoom: Zoom?
  /// The cursor goes to what runs.
  var follows = false
  /// The critical path stands out: in the drawing it does from the beginning, in the list only when
  /// asked for.
  var criticalInDrawing = true
  var criticalInRows = false
  /// What `/` looks for.
  var search = ""

  private(set) var scene: GraphScene
  private(set) var rails: Rails
  /// The part of the list that is on the screen, in lines: with room there is one between rows.
  private(set) var window = ListWindow()
  private(set) var spacing = 1

  var layered: LayeredState?
  /// The edges before and after the cursor, in the drawing.
  private(set) var related = Highlight()
  private(set) var critical = CriticalState()
  var rates = StageRates()
  private var chosen = GraphSubjects()
  private var laneLimit = 8
  /// The cursor that the drawing was last moved to, and its relations found for.
  private var shown: NodeGraph.Node?

  init(_ run: RunState) {
    scene = GraphScene(run.workflow, run.graph, GraphScope())
    rails = Rails(scene.graph, scene.items, laneLimit: laneLimit)
    if let first = scene.items.first { cursor = node(of: first) }
  }

  /// Looks like the graph of another run.
  mutating func arrange(as former: GraphPane) {
    zoom = former.zoom
    follows = former.follows
    criticalInDrawing = former.criticalInDrawing
    criticalInRows = former.criticalInRows
  }

  // MARK: Rows

  func node(of item: Rails.Item) -> NodeGraph.Node {
    switch item {
    case .heading(let stage): .stage(stage)
    case .node(let node): scene.graph.nodes[node]
    }
  }

  /// The row of the cursor: its own, or that of the node it is folded into.
  func row(_ run: RunState) -> Int {
    if case .stage(let stage) = cursor, isOpened(stage),
      let row = scene.items.firstIndex(of: .heading(stage))
    {
      return row
    }
    return scene.place(of: cursor, run.graph).map { scene.rowOf[$0] } ?? 0
  }

  func isOpened(_ stage: Int) -> Bool {
    if case .stages(let opened) = scene.scope.fold, scene.scope.neighbourhood == nil {
      return opened.contains(stage)
    }
    return false
  }

  mutating func move(to row: Int) {
    guard !scene.items.isEmpty else { return }
    cursor = node(of: scene.items[min(max(0, row), scene.items.count - 1)])
  }

  /// Moves the window and leaves the cursor, as far as it stays within.
  mutating func pan(by lines: Int, height: Int, _ run: RunState) {
    let count = scene.items.count * spacing
    let top = min(max(0, window.top + lines), max(0, count - height))
    let line = min(max(row(run) * spacing, top), top + max(0, height - 1))
    window = ListWindow(top: top)
    move(to: lines > 0 ? (line + spacing - 1) / spacing : line / spacing)
  }

  /// The tasks of what the cursor is on.
  var subjects: [FiringID] { chosen.tasks }

  mutating func settleSubjects(_ run: RunState) { chosen.settle(cursor, run) }

  // MARK: Keeping up

  /// Brings the scene and how it is drawn in line with what is to be seen.
  mutating func settle(_ run: RunState, inside: Size, isLayered: Bool, ascii: Bool, now: Int) {
    if scene.scope != scope {
      scene = GraphScene(run.workflow, run.graph, scope)
      layered = nil
      laneLimit = 0
    }
    if follows { follow(run) }
    cursor = valid(cursor, run)
    if isLayered { settleDrawing(run, inside, ascii) } else { settleRows(run, inside, ascii) }
    if isLayered ? criticalInDrawing : criticalInRows { critical.settle(run, scene, now: now) }
  }

  private mutating func settleRows(_ run: RunState, _ inside: Size, _ ascii: Bool) {
    // Lanes take a third of the pane at the most.
    let limit = min(max(4, inside.columns / 8), 12)
    if laneLimit != limit {
      laneLimit = limit
      rails = Rails(scene.graph, scene.items, laneLimit: limit, ascii: ascii)
    }
    let count = scene.items.count
    spacing = count * 2 - 1 <= inside.rows && !scene.graph.nets.isEmpty ? 2 : 1
    window.place(cursor: row(run) * spacing, count: count * spacing, height: inside.rows)
  }

  private mutating func settleDrawing(_ run: RunState, _ inside: Size, _ ascii: Bool) {
    layered?.resize(inside)
    if layered == nil || layered?.asked != zoom || layered?.ascii != ascii {
      layered = LayeredState(scene, run, asked: zoom, view: inside, ascii: ascii)
      shown = nil
    }
    guard shown != cursor, let node = scene.place(of: cursor, run.graph) else { return }
    shown = cursor
    layered?.reveal(node)
    related = Highlight()
    for downwards in [false, true] {
      let reach = scene.graph.reach(from: node, downwards: downwards, limit: Self.relatedLimit)
      related.add(edgesWithin: reach.union([node]), of: scene.graph)
    }
  }

  /// No more nodes than this stand out before and after the cursor, the nearest.
  private static let relatedLimit = 2000

  /// A node that is shown: an opened stage is its heading, a folded process its stage.
  private func valid(_ node: NodeGraph.Node, _ run: RunState) -> NodeGraph.Node {
    if case .stage(let stage) = node, isOpened(stage) { return node }
    let place = scene.place(of: node, run.graph) ?? (scene.graph.nodes.isEmpty ? nil : 0)
    return place.map { scene.graph.nodes[$0] } ?? node
  }

  // MARK: The action

  /// Stays where something runs; else goes to the first row where something does.
  private mutating func follow(_ run: RunState) {
    func runs(_ node: NodeGraph.Node) -> Bool {
      NodeFigures(node, run).counts[.running] > 0
    }
    guard run.counts[.running] > 0, !runs(cursor) else { return }
    if let row = scene.items.indices.first(where: { runs(node(of: scene.items[$0])) }) {
      move(to: row)
    }
  }
}

extension GraphPane {
  /// How much a box says.
  enum Zoom: Int, CaseIterable {
    /// A state and a name.
    case names
    /// How far it is.
    case boxes
    /// How far it is, and how fast.
    case figures
  }
}
