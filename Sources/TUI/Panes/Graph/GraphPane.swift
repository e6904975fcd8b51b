internal import Engine
internal import Workflow

/// The graph: as rails beside a list, or as a layered drawing if it has the whole screen.
///
/// The user chooses what is shown (`scope`), where (`window`, `origin`) and the cursor.
/// `refresh` derives the rest, and only when it changes.
struct GraphPane {
  var scope = GraphScope()
  var cursor = NodeGraph.Node.stage(0)
  /// The amount of text in boxes; `nil` for as much as fits.
  var zoom: Zoom?
  /// Whether the cursor follows running tasks.
  var follows = false
  /// Whether the critical path is highlighted: by default in the drawing, on request in the
  /// list.
  var showsCriticalInDrawing = true
  var showsCriticalInRows = false
  /// The text of the last search.
  var search = ""

  private(set) var scene: GraphScene
  private(set) var rails: Rails
  /// The visible part of the list, in lines. If the pane is high enough, there is a line between
  /// rows.
  private(set) var window = ListWindow()
  private(set) var spacing = 1

  var layered: LayeredState?
  /// The edges before and after the cursor, in the drawing.
  private(set) var related = Highlight()
  private(set) var critical = CriticalState()
  var rates = StageRates()
  private(set) var cells = StageCells()
  private var chosen = GraphSubjects()
  private var laneLimit = 8
  /// The cursor when the panes were last updated.
  private var lastCursor = NodeGraph.Node.stage(0)
  /// The cursor for which the drawing was last moved and its relations computed.
  private var shown: NodeGraph.Node?

  /// The width of the longest name of a stage.
  private let nameColumns: Int

  init(_ run: RunState) {
    nameColumns = run.graph.stages.prefix(500).reduce(8) {
      max($0, DisplayWidth.of($1.name.displayName))
    }
    scene = GraphScene(run.workflow, run.graph, GraphScope())
    rails = Rails(scene.graph, scene.items, laneLimit: laneLimit)
    if let first = scene.items.first { cursor = node(of: first) }
    lastCursor = cursor
  }

  /// Copies the arrangement of another run's graph.
  mutating func arrange(as former: GraphPane) {
    zoom = former.zoom
    follows = former.follows
    showsCriticalInDrawing = former.showsCriticalInDrawing
    showsCriticalInRows = former.showsCriticalInRows
  }

  // MARK: Rows

  func node(of item: Rails.Item) -> NodeGraph.Node {
    switch item {
    case .heading(let stage): .stage(stage)
    case .node(let node): scene.graph.nodes[node]
    }
  }

  /// The row of the cursor: its own, or that of the stage that contains it.
  func row(_ run: RunState) -> Int {
    if case .stage(let stage) = cursor, isOpened(stage),
      let row = scene.items.firstIndex(of: .heading(stage))
    {
      return row
    }
    return scene.place(of: cursor, run.graph).map { scene.rowOf[$0] } ?? 0
  }

  func isOpened(_ stage: Int) -> Bool { opened.contains(stage) }

  /// The open stages.
  var opened: Set<Int> {
    if case .stages(let opened) = scope.fold, scope.neighbourhood == nil { return opened }
    return []
  }

  /// The scope that is drawn. In the layered drawing, an open stage stays one box, with a cell for
  /// each process.
  private func drawnScope(isLayered: Bool) -> GraphScope {
    guard isLayered, !opened.isEmpty else { return scope }
    var scope = scope
    scope.fold = .stages(opened: [])
    return scope
  }

  /// The lines of the list, with those between rows.
  var lineCount: Int { max(0, scene.items.count * spacing - (spacing - 1)) }

  mutating func move(to row: Int) {
    guard !scene.items.isEmpty else { return }
    cursor = node(of: scene.items[min(max(0, row), scene.items.count - 1)])
  }

  /// Moves the window; the cursor stays if it remains visible.
  mutating func pan(by lines: Int, height: Int, _ run: RunState) {
    let top = min(max(0, window.top + lines), max(0, lineCount - height))
    let line = min(max(row(run) * spacing, top), top + max(0, height - 1))
    window = ListWindow(top: top)
    move(to: lines > 0 ? (line + spacing - 1) / spacing : line / spacing)
  }

  /// The size that shows all rows with names, bars and figures. Constant for the nodes that are
  /// shown: lanes get a fixed share.
  var preferredSize: Size {
    Size(columns: 6 + nameColumns + 22, rows: min(200, max(1, scene.items.count * 2 - 1)))
  }

  /// The tasks of the selected node.
  var subjects: [FiringID] { chosen.tasks }

  /// Whether the cursor has moved since the last call.
  mutating func hasMoved() -> Bool {
    defer { lastCursor = cursor }
    return lastCursor != cursor
  }

  mutating func refreshSubjects(_ run: RunState) { chosen.refresh(cursor, run) }

  // MARK: Updates

  /// Updates the scene and its drawing.
  mutating func refresh(_ run: RunState, inside: Size, isLayered: Bool, ascii: Bool, now: Int) {
    let drawn = drawnScope(isLayered: isLayered)
    if scene.scope != drawn {
      scene = GraphScene(run.workflow, run.graph, drawn)
      layered = nil
      laneLimit = 0
    }
    if follows { follow(run) }
    cursor = valid(cursor, run)
    if isLayered { cells.refresh(opened, run) }
    if isLayered { layOutDrawing(run, inside, ascii) } else { layOutRows(run, inside, ascii) }
    if isLayered ? showsCriticalInDrawing : showsCriticalInRows {
      critical.refresh(run, scene, now: now)
    }
  }

  private mutating func layOutRows(_ run: RunState, _ inside: Size, _ ascii: Bool) {
    // Lanes take at most a third of the pane.
    let limit = min(max(4, inside.columns / 8), 12)
    if laneLimit != limit {
      laneLimit = limit
      rails = Rails(scene.graph, scene.items, laneLimit: limit, ascii: ascii)
    }
    let count = scene.items.count
    spacing = count * 2 - 1 <= inside.rows && !scene.graph.nets.isEmpty ? 2 : 1
    window.place(cursor: row(run) * spacing, count: lineCount, height: inside.rows)
  }

  private mutating func layOutDrawing(_ run: RunState, _ inside: Size, _ ascii: Bool) {
    layered?.resize(inside)
    if layered == nil || layered?.asked != zoom || layered?.ascii != ascii
      || layered?.opened != opened
    {
      layered = LayeredState(
        scene, run, opened: opened, asked: zoom, view: inside, ascii: ascii)
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

  /// How many nodes before and after the cursor are highlighted, nearest first.
  private static let relatedLimit = 2000

  /// A visible node: the heading of an open stage, or the stage of a folded process.
  private func valid(_ node: NodeGraph.Node, _ run: RunState) -> NodeGraph.Node {
    if case .stage(let stage) = node, isOpened(stage) { return node }
    let place = scene.place(of: node, run.graph) ?? (scene.graph.nodes.isEmpty ? nil : 0)
    return place.map { scene.graph.nodes[$0] } ?? node
  }

  // MARK: The action

  /// Follows running tasks: if nothing runs in the cursor's row, moves to the first row with a
  /// running task.
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
  /// The amount of text in a box.
  enum Zoom: Int, CaseIterable {
    /// State and name.
    case names
    /// As above, with progress.
    case boxes
    /// As above, with the rate.
    case figures
  }
}

/// The tasks of the selected node. A stage may have many, so they are computed once for each
/// state.
struct GraphSubjects: Equatable {
  private(set) var tasks: [FiringID] = []
  private var node: NodeGraph.Node?
  private var eventCount = -1

  mutating func refresh(_ node: NodeGraph.Node, _ run: RunState) {
    guard node != self.node || run.eventCount != eventCount else { return }
    self.node = node
    eventCount = run.eventCount
    switch node {
    case .stage(let stage):
      tasks = run.graph.stages[guarding: stage]?.processes.flatMap { Self.tasks($0, run) } ?? []
    case .process(let process): tasks = Self.tasks(process, run)
    }
  }

  /// The tasks that have fired, and the next one.
  private static func tasks(_ process: ProcessID, _ run: RunState) -> [FiringID] {
    guard let state = run.processes[guarding: process.index] else { return [] }
    let next = state.waiting > 0 ? [FiringID(process, state.tasks.count + 1)] : []
    return state.tasks.map(\.id) + next
  }
}
