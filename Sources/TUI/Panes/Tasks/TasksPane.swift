internal import Engine
internal import Workflow

/// The task table in the shell; its state is ``TaskList``.
enum TasksPane: PaneContent {
  static let bindings: [KeyBinding] = []

  static func notes(_ model: Model) -> [String] {
    let tasks = model.tasks
    var notes = [
      tasks.isFiltered ? "\(tasks.count) of \(tasks.index.count)" : "all \(tasks.count)"
    ]
    if let stage = tasks.stage {
      notes.append("stage \(model.run.graph.stages[stage].name.displayName)")
    }
    if !tasks.filter.isEmpty { notes.append("/\(tasks.filter)") }
    notes.append("by state")
    return notes
  }

  static func draw(_ model: Model, in area: Rectangle, on buffer: inout CellBuffer) {
    TasksView.draw(model, in: area, on: &buffer)
  }

  static func objection(to action: Action, in model: Model) -> String? {
    action == .shell(.open) && model.selected == nil ? "there is no task to open" : nil
  }

  static func perform(_ action: Action, on model: inout Model) -> [Effect]? {
    switch action {
    case .shell(.open): model.openDetail()
    case .shell(.find):
      model.choose(.tasks)
      model.prompt = Prompt(.filterTasks, text: model.tasks.filter)
    case .shell(.back) where model.tasks.isFiltered: model.tasks.show(stage: nil, filter: "")
    default: return nil
    }
    return []
  }

  static func scroll(by rows: Int, on model: inout Model) { model.tasks.move(by: rows) }

  static func jump(toEnd: Bool, on model: inout Model) {
    model.tasks.choose(at: toEnd ? model.tasks.count - 1 : 0)
  }

  static func click(_ place: Point, on model: inout Model) -> [Effect] {
    let row = model.tasks.window.top + place.row
    if row < model.tasks.count { model.tasks.choose(at: row) }
    return []
  }

  static func typed(_ prompt: Prompt, on model: inout Model) {
    model.tasks.show(stage: model.tasks.stage, filter: prompt.field.text)
  }

  static func ended(_ prompt: Prompt, isAccepted: Bool, on model: inout Model) -> [Effect] {
    if !isAccepted { model.tasks.show(stage: model.tasks.stage, filter: "") }
    return []
  }

  static func take(_ event: RunEvent, on model: inout Model) {
    model.tasks.follow(event.change, model.run)
  }

  static func settle(_ model: inout Model) -> [Effect] {
    let wasSeen = model.log.attempt?.firing == model.selected && !model.log.rows.isEmpty
    model.tasks.settle(model.run, height: model.layout.height(.tasks), wasSeen: wasSeen)
    return []
  }
}
