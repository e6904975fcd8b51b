internal import Engine
internal import JobProtocol
internal import Workflow

/// The item that the keys of the focused pane act on.
enum Target: Equatable {
  case nothing
  case task(FiringID)
  /// The marked tasks, which only the user changes.
  case marked
  case group(TaskGroupKey)
  case failures(FailureGroup.Key)
  case node(NodeGraph.Node)
  case worker(String)
  case run(String)
}

extension Action {
  /// Whether it acts on the selected item.
  var acts: Bool {
    switch self {
    case .task(let action): action != .retryAll
    case .workers(.drain), .workers(.remove), .graph(.hold): true
    default: false
    }
  }
}

extension Action {
  /// Whether a range that is being marked keeps growing afterwards.
  var keepsDrawing: Bool {
    switch self {
    case .move, .tasks(.mark), .tasks(.markRange), .tasks(.markAll), .shell(.back),
      .shell(.help), .shell(.redraw), .shell(.suspend):
      true
    default: false
    }
  }
}

// Keys act on what the user sees. Lists are sorted again during a run, so the cursor may be on
// another task than when the user pressed the key.
extension Model {
  var target: Target {
    focus.content?.target(self) ?? shownSelection.map { .task($0) } ?? .nothing
  }

  /// The selected task, if the screen shows that it is selected: as the row with the cursor,
  /// or in the title of its log or detail.
  var shownSelection: FiringID? {
    guard let selected else { return nil }
    let panes = layout.panes
    let isInTable = panes[.tasks] != nil && tasks.cursor != nil && tasks.selected == selected
    let isInLog = panes[.log] != nil && log.attempt?.firing == selected
    return isInTable || isInLog || panes[.detail] != nil ? selected : nil
  }

  /// Called after the model was painted.
  mutating func recordShownTarget() { seenTarget = target }

  /// Why an action must not be done: the cursor has moved since the last painting. Pressing
  /// the key again works.
  mutating func objectionToUnseen() -> String? {
    let target = target
    defer { pin() }
    let isNew = focus == .failures && failures.hasJustAdvanced(now: now)
    guard let seen = seenTarget, isNew || seen != target else { return nil }
    seenTarget = target
    return "nothing done: the selection has just moved to \(name(of: target))"
  }

  /// Keeps the cursor on the target of an action.
  mutating func pin() {
    guard let content = focus.content else { return }
    content.pin(&self)
  }

  func name(of target: Target) -> String {
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

  /// The message if the selected item has left its list.
  static let hasLeft = "the selected item has left the list: select another one"

  /// Why keys act on no task although one is selected.
  var targetObjection: String? {
    if layout.kind == .oneLine, selected != nil {
      return "the screen is too small to show the selected task"
    }
    let hasLeftList =
      switch focus {
      case .tasks: tasks.hasLeftList
      case .failures: failures.cursor.hasLeftList
      default: false
      }
    if hasLeftList { return Self.hasLeft }
    guard let selected, shownSelection == nil else { return nil }
    return "\(run.label(selected)) is not on the screen: show it with \(keyName(.show(.tasks)))"
  }
}
