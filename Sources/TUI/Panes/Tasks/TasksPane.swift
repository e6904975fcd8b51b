internal import Engine
internal import Workflow

/// The actions of the task table's keys.
enum TasksAction: String, CaseIterable, Sendable {
  case mark, markRange, markAll, sort, sortBack, reverse, group, columns
}

/// The task table's functions for the shell; its state is ``TasksModel``.
enum TasksPane: PaneContent {
  static let bindings: [KeyBinding] = [
    KeyBinding(.tasks(.mark), .act, [.character(" ")], "mark the task, go to the next"),
    KeyBinding(.tasks(.markRange), .act, [.character("V")], "mark a range"),
    KeyBinding(
      .tasks(.markAll), .act, [.character("a")], "mark all shown tasks, or none"),
    KeyBinding(
      .tasks(.sort), .view, [.character("o"), .character(">")], "sort by the next column"),
    KeyBinding(.tasks(.sortBack), .view, [.character("<")], "sort by the previous column"),
    KeyBinding(.tasks(.reverse), .view, [.character("O")], "reverse the order"),
    KeyBinding(.tasks(.group), .view, [.character("b")], "group by stage, cause, host, error"),
    KeyBinding(.tasks(.columns), .view, [.character("|")], "choose the columns, and keep them"),
  ]

  static let columns = TaskColumn.allCases.map(\.rawValue)

  static func notes(_ model: Model) -> [String] {
    let tasks = model.tasks
    let (total, fitting) = (tasks.index.count, tasks.shown.taskCount)
    var notes = [tasks.isFiltered ? "\(fitting) of \(total)" : "all \(total)"]
    if !tasks.marks.isEmpty {
      let drawing = tasks.marks.isDrawing ? ", drawing" : ""
      notes.append("\(tasks.marks.count) marked\(drawing)")
    }
    if let stage = tasks.stage {
      notes.append("stage \(model.run.graph.stages[stage].name.displayName)")
    }
    if !tasks.filterText.isEmpty { notes.append("/\(tasks.filterText.displayName)") }
    if tasks.shown.grouping != .none { notes.append("by \(tasks.shown.grouping.rawValue)") }
    if tasks.shown.grouping == .none, tasks.shown.order == .byState { notes.append("by state") }
    return notes
  }

  static func draw(_ model: Model, in area: Rectangle, on buffer: inout CellBuffer) {
    TasksView.draw(model, in: area, on: &buffer)
  }

  static func objection(to action: Action, in model: Model) -> String? {
    switch action {
    case .shell(.open): model.selected == nil ? "no task to open" : nil
    case .tasks(.mark), .tasks(.markRange):
      if model.tasks.count == 0 {
        "no task to mark"
      } else {
        model.tasks.hasLeftList && !model.tasks.marks.isDrawing ? Model.hasLeft : nil
      }
    case .tasks(.markAll): model.tasks.count == 0 ? "no task to mark" : nil
    default: nil
    }
  }

  static func perform(_ action: Action, on model: inout Model) -> [Effect]? {
    switch action {
    case .shell(.open): open(&model)
    case .shell(.find):
      model.choose(.tasks)
      model.prompt = Prompt(.filterTasks, text: model.tasks.filterText)
    case .shell(.back): return undoLast(&model) ? [] : nil
    case .tasks(let action): perform(action, on: &model)
    default: return nil
    }
    return []
  }

  private static func perform(_ action: TasksAction, on model: inout Model) {
    switch action {
    case .mark: model.tasks.toggleMark()
    case .markRange: model.tasks.toggleRange()
    case .markAll: model.tasks.toggleAllMarks()
    case .sort: sort(by: 1, on: &model)
    case .sortBack: sort(by: -1, on: &model)
    case .reverse:
      var order = model.tasks.shown.order
      order.isDescending.toggle()
      model.tasks.sort(order)
    case .group: model.tasks.group(by: model.tasks.shown.grouping.next)
    case .columns:
      let columns = model.columns(of: .tasks) ?? grid(model).places.map(\.column.rawValue)
      model.openPalette()
      model.prompt?.field = TextField("set columns.tasks \(columns.joined(separator: " "))")
    }
  }

  private static func open(_ model: inout Model) {
    if model.tasks.group != nil { return model.tasks.toggleGroup() }
    model.openDetail()
  }

  /// Undoes the latest choice: marks, filter, groups, order. Returns whether there was one.
  private static func undoLast(_ model: inout Model) -> Bool {
    let shown = model.tasks.shown
    if !model.tasks.marks.isEmpty || model.tasks.marks.isDrawing {
      model.tasks.clearMarks()
    } else if model.tasks.isFiltered {
      model.tasks.widen(model.run)
    } else if shown.grouping != .none {
      model.tasks.keepingSelection { $0.group(by: .none) }
    } else if shown.order != .byState {
      model.tasks.keepingSelection { $0.sort(.byState) }
    } else {
      return false
    }
    return true
  }

  /// Sorts by the next or previous visible column.
  private static func sort(by steps: Int, on model: inout Model) {
    let columns = grid(model).places.map(\.column)
    guard !columns.isEmpty else { return }
    let place = columns.firstIndex(of: model.tasks.shown.order.column) ?? 0
    model.tasks.sort(TaskOrder(columns[(place + steps + columns.count) % columns.count]))
  }

  private static func grid(_ model: Model) -> TaskGrid {
    let area = model.layout.panes[.tasks] ?? model.layout.body
    return TaskGrid(model, width: area.inset(padding: 1).columns)
  }

  static func subjects(_ model: Model) -> [FiringID]? { model.tasks.subjects }

  static func target(_ model: Model) -> Target? {
    let tasks = model.tasks
    if !tasks.marks.isEmpty { return .marked }
    if tasks.hasLeftList { return .nothing }
    return tasks.group.map { .group($0) } ?? tasks.selected.map { .task($0) } ?? .nothing
  }

  // MARK: Moving

  static func scroll(by rows: Int, on model: inout Model) { model.tasks.move(by: rows) }

  static func jump(toEnd: Bool, on model: inout Model) {
    model.tasks.choose(at: toEnd ? model.tasks.count - 1 : 0)
  }

  static func click(_ place: Point, on model: inout Model) -> [Effect] {
    let above = TasksView.titleRows(model.layout.height(.tasks))
    guard place.row >= above else {
      if let column = grid(model).column(at: place.column - 1) { sort(by: column, on: &model) }
      return []
    }
    let row = model.tasks.window.top + place.row - above
    guard row < model.tasks.count else { return [] }
    model.tasks.choose(at: row)
    // A click on the glyph before a group opens or folds it.
    if model.tasks.group != nil, place.column < foldColumns { model.tasks.toggleGroup() }
    return []
  }

  private static let foldColumns = 4

  /// A second click on the same column reverses the order.
  private static func sort(by column: TaskColumn, on model: inout Model) {
    var order = model.tasks.shown.order
    if order.column == column {
      order.isDescending.toggle()
    } else {
      order = TaskOrder(column)
    }
    model.tasks.sort(order)
  }

  // MARK: The filter

  /// An incomplete filter leaves the list unchanged.
  static func typed(_ prompt: Prompt, on model: inout Model) {
    do throws(TaskFilterError) {
      let filter = try TaskFilter(prompt.field.text)
      model.prompt?.note = nil
      model.tasks.show(stage: model.tasks.stage, filter: filter, model.run)
    } catch {
      model.prompt?.note = error.description
    }
  }

  static func ended(_ prompt: Prompt, isAccepted: Bool, on model: inout Model) -> [Effect] {
    if let note = prompt.note, isAccepted { model.showMessage(note) }
    if !isAccepted { model.tasks.show(stage: model.tasks.stage, filter: .all, model.run) }
    return []
  }

  // MARK: The run

  static func handle(_ event: RunEvent, on model: inout Model) {
    model.tasks.follow(event.change, model.run)
    // The last line of an earlier attempt is obsolete.
    if case .attemptMade(let attempt, _, _) = event.change { model.lastLines[attempt.firing] = nil }
  }

  static func refresh(_ model: inout Model) -> [Effect] {
    let wasSeen = model.log.attempt?.firing == model.selected && model.log.hasOutput
    let rows = model.layout.height(.tasks)
    model.tasks.refresh(
      model.run, height: rows - TasksView.titleRows(rows), now: model.now,
      isLive: model.phase == .live, wasSeen: wasSeen,
      isReadElsewhere: model.focus != .tasks, isAnswering: model.isAnswering)
    return tail(&model)
  }

  /// Requests the last lines of visible running tasks that have run for a while; short ones
  /// end before they could be read.
  private static func tail(_ model: inout Model) -> [Effect] {
    let isShown =
      model.layout.panes[.tasks] != nil && grid(model).places.contains { $0.column == .lastLine }
    let height = model.layout.height(.tasks)
    let tasks = isShown ? (0..<height).compactMap { model.tasks.firingOnScreen($0) } : []
    let attempts = tasks.filter { followsLastLine($0, model) }
      .compactMap { model.run.lastAttempt(of: $0) }
    guard model.tasks.tail(attempts, now: model.now) else { return [] }
    return [.world(.tailLogs(attempts))]
  }

  private static func followsLastLine(_ task: FiringID, _ model: Model) -> Bool {
    guard let record = model.run.task(task), record.state == .running,
      let started = record.lastAttempt?.startedAt
    else { return false }
    // The screen already follows the whole output of the selected task.
    return task != model.selected && model.now - started >= 1500
  }
}
