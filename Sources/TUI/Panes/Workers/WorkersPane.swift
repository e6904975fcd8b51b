internal import Engine
import HumanText
internal import JobProtocol
internal import Workflow

/// The workers: their state and their jobs.
struct WorkersPane {
  /// The selected worker, by its name.
  fileprivate(set) var cursor = ItemCursor<String>()
  /// Whether their health was requested.
  var isWatching = false
}

/// The actions of the workers' keys.
enum WorkersAction: String, CaseIterable, Sendable {
  case drain
  /// Ask the site of the selected worker for another one.
  case add
  /// End the selected worker.
  case remove
}

extension WorkersPane: PaneContent {
  static let bindings: [KeyBinding] = [
    KeyBinding(
      .workers(.drain), .act, [.character("D")],
      "let the worker finish its jobs, then exit", hint: "drain"),
    KeyBinding(
      .workers(.add), .act, [.character("A")], "ask the worker's site for one more",
      hint: "add"),
    KeyBinding(
      .workers(.remove), .act, [.character("L")],
      "remove the worker; its jobs are retried", hint: "remove"),
  ]

  static func notes(_ model: Model) -> [String] {
    let all = model.workerRows
    let rows = all.filter { $0.status != .gone && $0.isWorker }
    let slots = rows.reduce(0) { $0 + $1.slots }
    let busy = rows.reduce(0) { $0 + $1.busy }
    let places = all.count { !$0.isWorker }
    return ["\(rows.count) here"] + (places > 0 ? ["\(places) pending"] : [])
      + ["\(busy) of \(Formats.counted(slots, "slot")) busy"]
  }

  static func draw(_ model: Model, in area: Rectangle, on buffer: inout CellBuffer) {
    WorkersView.draw(model, in: area, on: &buffer)
  }

  static func objection(to action: Action, in model: Model) -> String? {
    switch action {
    case .workers(.drain):
      guard let row = model.chosenWorker else {
        return model.workers.cursor.hasLeftList ? Model.hasLeft : "no worker selected"
      }
      switch row.status {
      case .gone: return "\(row.name.displayName) has left"
      case .pending, .starting: return "\(row.name.displayName) has no worker yet"
      case .draining: return "\(row.name.displayName) is already draining"
      case .silent, .serving: return model.closedObjection()
      }
    case .workers(.add), .workers(.remove):
      guard let row = model.chosenWorker else {
        return model.workers.cursor.hasLeftList ? Model.hasLeft : "no worker selected"
      }
      if row.status == .gone { return "\(row.name.displayName) has left" }
      if row.site.isEmpty { return "no site has brought \(row.name.displayName)" }
      return model.closedObjection()
    case .shell(.open):
      let running = model.chosenWorker.map { model.timeline.data.running(on: $0.name) } ?? []
      return running.isEmpty ? "the worker is idle" : nil
    default: return nil
    }
  }

  static func perform(_ action: Action, on model: inout Model) -> [Effect]? {
    guard let row = model.chosenWorker else { return nil }
    switch action {
    case .workers(.drain): model.overlay = .question(.drain(worker: row.name))
    case .workers(.add):
      model.showMessage("requested: one more worker of \(row.site.displayName)")
      return [.world(.control(.workers(WorkersRequest(.add, site: row.site))))]
    case .workers(.remove):
      model.overlay = .question(.removeWorker(site: row.site, id: row.nativeID))
    case .shell(.open):
      guard let attempt = model.timeline.data.running(on: row.name).first else { return [] }
      model.choose(attempt.firing)
      model.openDetail()
    default: return nil
    }
    return []
  }

  static func scroll(by rows: Int, on model: inout Model) {
    let (names, height) = (model.workerRows.map(\.name), WorkersView.listRows(model))
    model.workers.cursor.move(by: rows, in: names, height: height)
  }

  static func jump(toEnd: Bool, on model: inout Model) {
    move(to: toEnd ? model.workerRows.count - 1 : 0, on: &model)
  }

  static func click(_ place: Point, on model: inout Model) -> [Effect] {
    let row = model.workers.cursor.window.top + place.row - 1
    if place.row >= 1, row < model.workerRows.count { move(to: row, on: &model) }
    return []
  }

  private static func move(to row: Int, on model: inout Model) {
    let (names, height) = (model.workerRows.map(\.name), WorkersView.listRows(model))
    model.workers.cursor.move(to: row, in: names, height: height)
  }

  static func target(_ model: Model) -> Target? { model.chosenWorker.map { .worker($0.name) } }

  static func pin(_ model: inout Model) {
    model.workers.cursor.pin()
    model.tasks.pin()
  }

  static func refresh(_ model: inout Model) -> [Effect] {
    let (names, height) = (model.workerRows.map(\.name), WorkersView.listRows(model))
    model.workers.cursor.refresh(names, height: height)
    let mustWatch = model.layout.panes[.workers] != nil && model.phase != .closed
    guard mustWatch != model.workers.isWatching else { return [] }
    model.workers.isWatching = mustWatch
    return [.world(.watchWorkers(mustWatch))]
  }
}

extension Model {
  var workerRows: [WorkerRow] { WorkerRow.rows(run, health, now: now) }

  var chosenWorker: WorkerRow? { workers.cursor.row.flatMap { workerRows[guarding: $0] } }
}
