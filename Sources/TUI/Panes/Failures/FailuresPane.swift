internal import Engine
internal import JobProtocol
internal import Workflow

/// The actions of the failures' keys.
enum FailuresAction: String, CaseIterable, Sendable {
  case log, copy
}

/// Failed tasks by cause and error signature, and the effect of an action on a group.
struct FailuresPane {
  /// How often the preview is computed while events come.
  private static let previewInterval = 500

  private(set) var index: FailureIndex
  private(set) var groups: [FailureGroup] = []
  private(set) var cursor = ItemCursor<FailureGroup.Key>()
  /// The downstream tasks of the selected group.
  private(set) var downstream = Downstream()
  /// When the cursor went to the next group by itself, after an action on the one before it.
  private var advancedAt: Int?
  private var generation = -1
  private var seen: (key: FailureGroup.Key?, events: Int, at: Int) = (nil, -1, .min / 2)

  init(_ run: RunState) { index = FailureIndex(run) }

  var window: ListWindow { cursor.window }
  var group: FailureGroup? { cursor.row.flatMap { groups[guarding: $0] } }
  private var keys: [FailureGroup.Key] { groups.map(\.key) }

  mutating func follow(_ change: RunEvent.Change, _ run: RunState) { index.follow(change, run) }

  mutating func choose(at position: Int, height: Int) {
    cursor.move(to: position, in: keys, height: height)
    advancedAt = nil
  }

  mutating func move(by rows: Int, height: Int) {
    cursor.move(by: rows, in: keys, height: height)
    advancedAt = nil
  }

  /// Whether the cursor has just gone to the next group by itself: a key that is pressed twice must
  /// not act on that group. True only once.
  mutating func hasJustAdvanced(now: Int) -> Bool {
    defer { advancedAt = nil }
    return advancedAt.map { now - $0 < Self.doublePress } ?? false
  }

  private static let doublePress = 1000

  /// Keeps the cursor on its group after an action. Once the group is gone, the next one is
  /// selected.
  mutating func pin() {
    cursor.pin()
    cursor.markActedOn()
  }

  /// Updates groups and preview; the cursor stays on its group.
  mutating func refresh(_ run: RunState, now: Int, height: Int) {
    if generation != index.generation {
      generation = index.generation
      groups = index.groups(run)
    }
    let wasActedOn = cursor.wasActedOn
    cursor.refresh(keys, height: height)
    if wasActedOn, !cursor.wasActedOn { advancedAt = now }
    let selected = group?.key
    let isOld = now - seen.at >= Self.previewInterval || now < seen.at || run.settledAt != nil
    guard seen.key != selected || isOld && seen.events != run.eventCount else { return }
    seen = (selected, run.eventCount, now)
    downstream = run.downstream(of: group?.tasks ?? [])
  }
}

// MARK: - In the shell

extension FailuresPane: PaneContent {
  static let bindings: [KeyBinding] = [
    KeyBinding(.failures(.log), .view, [.character("l")], "show the output of its first task"),
    KeyBinding(.failures(.copy), .view, [.character("y")], "copy cause and error"),
  ]

  static func notes(_ model: Model) -> [String] {
    let (tasks, groups) = (model.failures.index.taskCount, model.failures.groups.count)
    if tasks == 0 { return [] }
    return ["\(tasks) task\(tasks == 1 ? "" : "s"), \(groups) error\(groups == 1 ? "" : "s")"]
  }

  static func draw(_ model: Model, in area: Rectangle, on buffer: inout CellBuffer) {
    FailuresView.draw(model, in: area, on: &buffer)
  }

  static var opening: String { "its tasks" }

  static func objection(to action: Action, in model: Model) -> String? {
    switch action {
    case .shell(.open), .failures:
      if model.failures.group != nil {
        nil
      } else {
        model.failures.cursor.hasLeftList && !model.failures.groups.isEmpty
          ? Model.hasLeft : "nothing has failed"
      }
    default: nil
    }
  }

  static func perform(_ action: Action, on model: inout Model) -> [Effect]? {
    guard let group = model.failures.group else { return nil }
    switch action {
    case .shell(.open): showTasks(of: group, on: &model)
    case .failures(.log):
      if let first = group.tasks.first { model.choose(first) }
      model.choose(.log)
    case .failures(.copy):
      let words = group.lastLine(model.run)
      let text = group.key.cause.displayName + (words.isEmpty ? "" : ": \(words)")
      model.showMessage("copied: \(text)")
      return [.copy(text)]
    default: return nil
    }
    return []
  }

  private static func showTasks(of group: FailureGroup, on model: inout Model) {
    guard let filter = try? TaskFilter(group.filterText) else { return }
    model.choose(.tasks)
    model.tasks.show(stage: nil, filter: filter, model.run)
  }

  static func subjects(_ model: Model) -> [FiringID]? { model.failures.group?.tasks ?? [] }

  static func target(_ model: Model) -> Target? {
    model.failures.group.map { .failures($0.key) } ?? .nothing
  }

  static func pin(_ model: inout Model) { model.failures.pin() }

  static func scroll(by rows: Int, on model: inout Model) {
    model.failures.move(by: rows, height: FailuresView.listHeight(model))
  }

  static func jump(toEnd: Bool, on model: inout Model) {
    scroll(by: toEnd ? model.failures.groups.count : -model.failures.groups.count, on: &model)
  }

  static func click(_ place: Point, on model: inout Model) -> [Effect] {
    let height = FailuresView.listHeight(model)
    let row = model.failures.window.top + place.row
    if place.row < height, row < model.failures.groups.count {
      model.failures.choose(at: row, height: height)
    } else if let task = FailuresView.task(model, at: place.row), let group = model.failures.group {
      showTasks(of: group, on: &model)
      model.choose(task)
    }
    return []
  }

  static func handle(_ event: RunEvent, on model: inout Model) {
    model.failures.follow(event.change, model.run)
  }

  static func refresh(_ model: inout Model) -> [Effect] {
    guard model.layout.panes[.failures] != nil else { return [] }
    model.failures.refresh(model.run, now: model.now, height: FailuresView.listHeight(model))
    return []
  }
}

extension Model {
  /// The first task of the selected group, while this pane has the focus or its log is below.
  var leadingFailure: FiringID? {
    let isLeading = focus == .failures || focus == .log && arrangement.opened == .failures
    return isLeading ? failures.group?.tasks.first : nil
  }
}
