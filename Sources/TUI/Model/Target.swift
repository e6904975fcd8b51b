internal import Engine
internal import JobProtocol
internal import Workflow

/// What the keys of the focused pane would act on.
enum Target: Equatable {
  case nothing
  case task(FiringID)
  /// The marked tasks, which only a person changes.
  case marked
  case group(TaskGroupKey)
  case failures(FailureGroup.Key)
  case node(NodeGraph.Node)
  case worker(String)
  case run(String)
}

extension Action {
  /// It does something to what the cursor is on.
  var acts: Bool {
    switch self {
    case .task(let action): action != .retryAll
    case .workers(.drain), .graph(.hold): true
    default: false
    }
  }
}

// Keys act on what a person sees. Lists sort themselves anew while a run goes on, so a cursor that
// nobody has moved may be on another task than the one that was on the screen when the key was
// pressed.
extension Model {
  var target: Target {
    focus.content?.target(self) ?? shownSelection.map { .task($0) } ?? .nothing
  }

  /// The selected task, where the screen shows that it is the selected one: as a row with the
  /// cursor, or in the title of its log or detail.
  var shownSelection: FiringID? {
    guard let selected else { return nil }
    let panes = layout.panes
    let isInTable = panes[.tasks] != nil && tasks.cursor != nil && tasks.selected == selected
    let isInLog = panes[.log] != nil && log.attempt?.firing == selected
    return isInTable || isInLog || panes[.detail] != nil ? selected : nil
  }

  /// The screen shows the model as it is now.
  mutating func noteShown() { seenTarget = target }

  /// Why an action must not be done: the cursor has moved by itself since the screen was painted.
  /// The next time it may.
  mutating func objectionToUnseen() -> String? {
    let target = target
    defer { pin() }
    guard let seen = seenTarget, seen != target else { return nil }
    seenTarget = target
    return "nothing done: the cursor has just moved to \(name(of: target))"
  }

  /// The cursor stays on what an action was about, wherever that goes.
  private mutating func pin() {
    guard let content = focus.content else { return }
    content.pin(&self)
  }

  private func name(of target: Target) -> String {
    switch target {
    case .nothing: "nothing"
    case .task(let task): run.label(task)
    case .marked: "the marked tasks"
    case .group(let key): key.title(run)
    case .failures(let key): key.cause.displayName
    case .node(let node): NodeText.name(node, run)
    case .worker(let name): name.displayName
    case .run(let run): String(run.prefix(4)).displayName
    }
  }

  /// Why keys do nothing after the item under the cursor left its list.
  static let hasLeft = "what the cursor was on has left the list: choose another first"

  /// Why keys are about no task, although one is selected.
  var absence: String? {
    if layout.kind == .oneLine, selected != nil {
      return "the screen is too small to show which task that would be"
    }
    let isAdrift =
      switch focus {
      case .tasks: tasks.isAdrift
      case .failures: failures.cursor.isAdrift
      default: false
      }
    if isAdrift { return Self.hasLeft }
    guard let selected, shownSelection == nil else { return nil }
    return "\(run.label(selected)) is not on the screen: \(keyName(.show(.tasks))) shows it"
  }
}
