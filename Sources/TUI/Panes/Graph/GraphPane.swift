internal import Engine

/// The graph: its stages as rails, and which of them the cursor is on.
struct GraphPane: PaneContent {
  let rails: StageGraph
  private(set) var window = ListWindow()

  init(_ run: RunState) { rails = StageGraph(run.graph) }

  /// The rows as the pane has room for them.
  func rows(height: Int) -> [StageGraph.Row] {
    rails.wide.count <= height ? rails.wide : rails.compact
  }

  /// Puts the cursor on a stage: rows that only carry lanes are stepped over.
  mutating func move(to row: Int, direction: Int, height: Int) {
    let rows = rows(height: height)
    let step = direction < 0 ? -1 : 1
    var row = min(max(0, row), max(0, rows.count - 1))
    while rows.indices.contains(row), rows[row].stage == nil { row += step }
    guard rows.indices.contains(row) else { return }
    window.place(cursor: row, count: rows.count, height: height)
  }

  mutating func settle(height: Int) {
    let rows = rows(height: height)
    var cursor = min(window.cursor, max(0, rows.count - 1))
    while cursor > 0, rows[guarding: cursor]?.stage == nil { cursor -= 1 }
    window.place(cursor: cursor, count: rows.count, height: height)
  }
}

extension Model {
  var graphHeight: Int { layout.height(.graph) }
  var graphRows: [StageGraph.Row] { graph.rows(height: graphHeight) }
  var selectedStage: Int? { graphRows[guarding: graph.window.cursor]?.stage }
}

// MARK: - In the shell

extension GraphPane {
  static let bindings: [KeyBinding] = []

  static func draw(_ model: Model, in area: Rectangle, on buffer: inout CellBuffer) {
    GraphView.draw(model, in: area, on: &buffer)
  }

  static func objection(to action: Action, in model: Model) -> String? {
    action == .shell(.open) && model.selectedStage == nil ? "there is no stage to open" : nil
  }

  static func perform(_ action: Action, on model: inout Model) -> [Effect]? {
    guard action == .shell(.open) else { return nil }
    model.tasks.show(stage: model.selectedStage, model.run)
    model.choose(.tasks)
    return []
  }

  static func scroll(by rows: Int, on model: inout Model) {
    let cursor = model.graph.window.cursor
    model.graph.move(to: cursor + rows, direction: rows, height: model.graphHeight)
  }

  static func jump(toEnd: Bool, on model: inout Model) {
    model.graph.move(
      to: toEnd ? model.graphRows.count - 1 : 0, direction: toEnd ? -1 : 1,
      height: model.graphHeight)
  }

  static func click(_ place: Point, on model: inout Model) -> [Effect] {
    let row = model.graph.window.top + place.row
    model.graph.move(to: row, direction: -1, height: model.graphHeight)
    return []
  }

  static func settle(_ model: inout Model) -> [Effect] {
    model.graph.settle(height: model.graphHeight)
    return []
  }
}
