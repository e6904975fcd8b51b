internal import Engine
import HumanText
internal import Workflow

/// The actions of the graph's keys.
enum GraphAction: String, CaseIterable, Sendable {
  case fold, all, farther, nearer, tasks, nextTrouble, previousTrouble, nextFound, previousFound
  case hold, critical, follow, zoomIn, zoomOut, centre, panLeft, panRight
}

extension Model {
  /// Whether the graph is drawn in layers, which needs the whole screen.
  var isLayered: Bool { focus == .graph && arrangement.isFull }

  /// The area inside the graph's border.
  var graphSize: Size {
    let area = (layout.panes[.graph] ?? layout.body).inset()
    return Size(columns: area.columns, rows: max(1, area.rows))
  }

  /// The stage under the graph's cursor.
  var selectedStage: Int? { graph.scene.items.isEmpty ? nil : graph.stage(run) }
}

extension GraphPane: PaneContent {
  static let bindings: [KeyBinding] = [
    KeyBinding(
      .graph(.fold), .view, [.character("u")], "fold the stage", hint: "fold"),
    KeyBinding(
      .graph(.all), .view, [.character("A")], "all processes, or stages",
      hint: "all processes"),
    KeyBinding(
      .graph(.farther), .view, [.character("o")], "show only the neighbours; again: one step more",
      hint: "near"),
    KeyBinding(
      .graph(.nearer), .view, [.character("O")], "one step less", hint: "nearer"),
    KeyBinding(
      .graph(.tasks), .view, [.character("t")], "show the tasks of the selected node",
      hint: "tasks"),
    KeyBinding(
      .graph(.hold), .act, [.character("K")], "hold or release its processes",
      hint: "keep"),
    KeyBinding(
      .graph(.nextTrouble), .view, [.character("E"), .character("]")], "next failed"),
    KeyBinding(.graph(.previousTrouble), .view, [.character("[")], "previous failed"),
    KeyBinding(.graph(.nextFound), .view, [.character("n")], "next match"),
    KeyBinding(.graph(.previousFound), .view, [.character("N")], "previous match"),
    KeyBinding(.graph(.critical), .view, [.character("c")], "critical path on or off"),
    KeyBinding(.graph(.follow), .view, [.character("a")], "follow running tasks, or stay"),
    KeyBinding(.graph(.zoomIn), .view, [.character("z")], "larger boxes, full screen"),
    KeyBinding(.graph(.zoomOut), .view, [.character("Z")], "smaller boxes, full screen"),
    KeyBinding(.graph(.centre), .view, [.character("0")], "centre the cursor"),
    KeyBinding(.graph(.panLeft), .view, [.character("<")], "half a screen left"),
    KeyBinding(.graph(.panRight), .view, [.character(">")], "half a screen right"),
  ]

  static func hint(for action: Action, in model: Model) -> String? {
    switch action {
    case .graph(.all): model.graph.scope.fold == .processes ? "stages" : nil
    case .graph(.farther): model.graph.scope.neighbourhood == nil ? nil : "farther"
    default: nil
    }
  }

  static func notes(_ model: Model) -> [String] {
    let (pane, run) = (model.graph, model.run)
    var notes: [String] = []
    if let near = pane.scope.neighbourhood {
      let steps = Formats.counted(near.hops, "step")
      notes.append("\(steps) around \(NodeText.name(near.centre, run))")
      notes.append(
        "\(model.keyName(.graph(.farther))) more, \(model.keyName(.graph(.nearer))) less")
      if pane.scene.isCut { notes.append("the first \(GraphScene.neighbourLimit)") }
    } else if pane.scope.fold == .processes {
      notes.append(Formats.counted(run.processes.count, "process", "processes"))
    } else {
      notes.append(Formats.counted(run.graph.stages.count, "stage"))
    }
    if pane.follows { notes.append("following") }
    return notes
  }

  static func draw(_ model: Model, in area: Rectangle, on buffer: inout CellBuffer) {
    if model.isLayered {
      LayeredView.draw(model, in: area, on: &buffer)
    } else {
      RailsView.draw(model, in: area, on: &buffer)
    }
  }

  static func objection(to action: Action, in model: Model) -> String? {
    let pane = model.graph
    switch action {
    case .shell(.open):
      return pane.scene.items.isEmpty ? "nothing to open" : nil
    case .graph(.fold):
      return pane.foldable(model.run) == nil ? "no open stage here: open one with Enter" : nil
    case .graph(.hold) where !isCursorShown(model): return hidden(model)
    case .task(let action) where action != .retryAll && !isCursorShown(model):
      return hidden(model)
    case .graph(.hold):
      return model.graph.processes(model.run).isEmpty
        ? "no process to hold" : model.closedObjection(restartsEngine: true)
    case .graph(.nearer):
      return pane.scope.neighbourhood == nil ? "everything is shown: o shows only neighbours" : nil
    case .graph(.zoomIn), .graph(.zoomOut), .graph(.centre), .graph(.panLeft), .graph(.panRight):
      return model.isLayered ? nil : "only in the full-screen drawing: f"
    case .graph(.nextTrouble), .graph(.previousTrouble):
      return model.run.counts.needingAttention == 0 ? "nothing has failed" : nil
    case .graph(.nextFound), .graph(.previousFound):
      return pane.search.isEmpty ? "no search yet: / searches" : nil
    default: return nil
    }
  }

  private static func hidden(_ model: Model) -> String {
    let key = model.keyName(.graph(.centre))
    let name = NodeText.name(model.graph.cursor, model.run)
    return "\(name) is selected but not on the screen: show it with \(key)"
  }

  static func perform(_ action: Action, on model: inout Model) -> [Effect]? {
    switch action {
    case .shell(.open): open(&model)
    case .shell(.find): model.prompt = Prompt(.findNode)
    case .shell(.back) where model.graph.scope.neighbourhood != nil:
      model.graph.scope.neighbourhood = nil
    case .move(let move): return perform(move, on: &model)
    case .graph(.hold): return model.toggleHold(model.graph.processes(model.run))
    case .graph(let action): perform(action, on: &model)
    default: return nil
    }
    return []
  }

  private static func perform(_ move: Action.Move, on model: inout Model) -> [Effect]? {
    model.graph.follows = false
    let (run, available) = (model.run, model.graphSize)
    let rows = rows(of: move, page: available.rows)
    switch move {
    case .left, .right:
      guard model.isLayered else { return nil }
      model.graph.move(move, run)
    case .up, .down, .first, .last:
      if model.isLayered {
        model.graph.move(move, run)
      } else if move == .first || move == .last {
        model.graph.move(to: move == .first ? 0 : model.graph.scene.items.count - 1)
      } else {
        model.graph.move(to: model.graph.row(run) + rows)
      }
    default:
      if model.isLayered {
        model.graph.layered?.pan(columns: 0, rows: rows)
      } else {
        model.graph.move(to: model.graph.row(run) + rows / model.graph.spacing)
      }
    }
    return []
  }

  private static func rows(of move: Action.Move, page: Int) -> Int {
    switch move {
    case .up: -1
    case .down: 1
    case .pageUp: -max(1, page - 1)
    case .pageDown: max(1, page - 1)
    case .halfUp: -max(1, page / 2)
    case .halfDown: max(1, page / 2)
    case .left, .right, .first, .last: 0
    }
  }

  private static func perform(_ action: GraphAction, on model: inout Model) {
    let half = model.graphSize.columns / 2
    switch action {
    case .hold: break
    case .fold: if let stage = model.graph.foldable(model.run) { model.graph.fold(stage) }
    case .all: model.graph.toggleAll(model.run)
    case .farther: model.graph.widen()
    case .nearer: model.graph.narrow()
    case .tasks: showTasks(&model)
    case .nextTrouble: seekTrouble(1, &model)
    case .previousTrouble: seekTrouble(-1, &model)
    case .nextFound: seekFound(1, &model)
    case .previousFound: seekFound(-1, &model)
    case .critical where model.isLayered: model.graph.showsCriticalInDrawing.toggle()
    case .critical: model.graph.showsCriticalInRows.toggle()
    case .follow: model.graph.follows.toggle()
    case .zoomIn: model.graph.zoom(by: 1)
    case .zoomOut: model.graph.zoom(by: -1)
    case .centre:
      if let node = model.graph.scene.place(of: model.graph.cursor, model.run.graph) {
        model.graph.layered?.centre(on: node)
      }
    case .panLeft: model.graph.layered?.pan(columns: -half, rows: 0)
    case .panRight: model.graph.layered?.pan(columns: half, rows: 0)
    }
  }

  // MARK: Opening

  /// Opens a stage, folds an open one, or shows the task of a process.
  private static func open(_ model: inout Model) {
    if let stage = model.graph.openable(model.run) {
      model.graph.open(stage)
    } else if case .stage(let stage) = model.graph.cursor, model.graph.isOpened(stage) {
      model.graph.fold(stage)
    } else if let task = NodeFigures(model.graph.cursor, model.run).task {
      model.tasks.choose(task, model.run)
      model.openDetail()
    } else {
      showTasks(&model)
    }
  }

  /// The task table shows the tasks of the stage under the cursor, and selects the one of a
  /// process.
  private static func scope(_ model: inout Model) {
    let filter = model.tasks.shown.filter
    model.tasks.show(stage: model.selectedStage, filter: filter, model.run)
    guard case .process = model.graph.cursor else { return }
    if let task = NodeFigures(model.graph.cursor, model.run).task, model.tasks.shows(task) {
      model.tasks.choose(task, model.run)
    }
  }

  private static func showTasks(_ model: inout Model) {
    model.tasks.show(stage: model.selectedStage, model.run)
    if let task = NodeFigures(model.graph.cursor, model.run).task {
      model.tasks.choose(task, model.run)
    }
    model.arrangement.isFull = false
    model.choose(.tasks)
  }

  private static func seekTrouble(_ steps: Int, _ model: inout Model) {
    let run = model.run
    _ = model.graph.seek(steps, run) { NodeFigures($0, run).counts.needingAttention > 0 }
  }

  private static func seekFound(_ steps: Int, _ model: inout Model) {
    let (run, pane) = (model.run, model.graph)
    if !model.graph.seek(steps, run, where: { pane.isFound($0, run) }) {
      model.showMessage("no name contains \(pane.search.displayName)")
    }
  }

  // MARK: Searching

  static func typed(_ prompt: Prompt, on model: inout Model) {
    model.graph.search = prompt.field.text
    let (run, pane) = (model.run, model.graph)
    if !pane.isFound(pane.cursor, run) {
      _ = model.graph.seek(1, run) { pane.isFound($0, run) }
    }
  }

  static func ended(_ prompt: Prompt, isAccepted: Bool, on model: inout Model) -> [Effect] {
    if !isAccepted { model.graph.search = "" }
    return []
  }

  // MARK: Other calls from the shell

  static func subjects(_ model: Model) -> [FiringID]? {
    isCursorShown(model) ? model.graph.subjects : []
  }

  static func target(_ model: Model) -> Target? { .node(model.graph.cursor) }

  static func pin(_ model: inout Model) { model.graph.follows = false }

  /// The drawing can be moved so that the cursor is not visible.
  static func isCursorShown(_ model: Model) -> Bool {
    guard model.isLayered, let layered = model.graph.layered,
      let node = model.graph.scene.place(of: model.graph.cursor, model.run.graph)
    else { return true }
    return layered.shows(node)
  }

  static func scroll(by rows: Int, on model: inout Model) {
    model.graph.follows = false
    if model.isLayered {
      model.graph.layered?.pan(columns: 0, rows: rows)
    } else {
      model.graph.pan(by: rows, height: model.graphSize.rows, model.run)
    }
  }

  static func jump(toEnd: Bool, on model: inout Model) {
    _ = perform(toEnd ? .last : .first, on: &model)
  }

  static func click(_ place: Point, on model: inout Model) -> [Effect] {
    model.graph.follows = false
    if model.isLayered {
      if let node = model.graph.layered?.node(at: place) {
        model.graph.cursor = model.graph.scene.graph.nodes[node]
      }
    } else {
      let line = model.graph.window.top + place.row
      if line < model.graph.scene.items.count * model.graph.spacing {
        model.graph.move(to: line / model.graph.spacing)
      }
    }
    return []
  }

  static func handle(_ event: RunEvent, on model: inout Model) {
    model.graph.rates.handle(event, model.run)
  }

  static func refresh(_ model: inout Model) -> [Effect] {
    guard model.layout.panes[.graph] != nil else { return [] }
    model.graph.refresh(
      model.run, inside: model.graphSize, isLayered: model.isLayered, ascii: model.theme.ascii,
      now: model.now)
    if model.focus == .graph { model.graph.refreshSubjects(model.run) }
    // A cursor that follows running tasks moves without the user, so it does not change the table.
    let isMoved = model.graph.hasMoved() && model.isAnswering && !model.graph.follows
    if isMoved, model.focus == .graph, model.prompt == nil { scope(&model) }
    return []
  }
}
