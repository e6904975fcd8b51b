internal import Engine
internal import JobProtocol
internal import Workflow

/// The menu of actions for the item under the cursor, from the same table as keys and help.
struct ActionMenu: Equatable {
  /// What was under the cursor when the menu was opened; another item is never acted on.
  let target: Target
  var row: Int

  struct Item: Equatable {
    let action: Action
    /// The first key.
    let key: String
    let text: String
    /// Why it is not possible now.
    let objection: String?
  }
}

extension Action {
  /// Whether a menu of an item has it.
  fileprivate func concerns(_ target: Target) -> Bool {
    let isOfTasks =
      switch target {
      case .task, .marked, .group, .failures, .node: true
      case .nothing, .worker, .run: false
      }
    switch self {
    case .shell(.open): return target != .nothing
    case .task(.retryAll), .run: return true
    case .task: return isOfTasks
    case .failures, .detail, .workers, .runs, .tasks(.mark): return true
    case .graph(.fold), .graph(.tasks), .graph(.hold), .graph(.farther): return true
    case .log(.olderAttempt), .log(.newerAttempt), .log(.beside), .log(.copy), .log(.save),
      .log(.page):
      return true
    default: return false
    }
  }
}

extension Model {
  /// Opening, the actions of tasks, the pane's own, then those of the run.
  func items(of menu: ActionMenu) -> [ActionMenu.Item] {
    let bindings = keys.bindings(in: focus).filter { $0.action.concerns(menu.target) }
    func rank(_ binding: KeyBinding) -> Int {
      switch binding.action {
      case .shell(.open): 0
      case .task: 1
      case .run: 3
      default: 2
      }
    }
    return (0...3).flatMap { place in bindings.filter { rank($0) == place } }.map { binding in
      let isOpening = binding.action == .shell(.open)
      return ActionMenu.Item(
        action: binding.action, key: binding.keys.first?.name ?? "",
        text: isOpening ? focus.content?.opening ?? binding.help : binding.help,
        objection: objection(to: binding.action))
    }
  }

  /// `mAdd:1 · failed`
  func title(of menu: ActionMenu) -> String {
    switch menu.target {
    case .nothing: return "nothing selected"
    case .task(let task):
      return "\(run.label(task)) \(theme.dot) \(TaskRow.appearance(run, task).word)"
    default: return name(of: menu.target)
    }
  }

  mutating func openMenu() {
    if layout.kind == .oneLine { return showMessage("the screen is too small for a menu") }
    pin()
    var menu = ActionMenu(target: target, row: 0)
    menu.row = items(of: menu).firstIndex { $0.objection == nil } ?? 0
    overlay = .menu(menu)
  }

  mutating func handle(_ key: Key, in menu: ActionMenu) -> [Effect] {
    let items = items(of: menu)
    let action = keys.action(for: key, in: focus)
    switch (key, action) {
    case (.enter, _): return perform(items[guarding: menu.row], of: menu)
    case (.escape, _), (.control("c"), _), (_, .shell(.menu)), (_, .shell(.quit)): overlay = nil
    case (_, .move(let move)): step(move, menu, items.count)
    case (_, let action?) where items.contains { $0.action == action }:
      return perform(items.first { $0.action == action }, of: menu)
    default: showMessage("no action of this menu: \(key.name)")
    }
    return []
  }

  private mutating func step(_ move: Action.Move, _ menu: ActionMenu, _ count: Int) {
    var menu = menu
    switch move {
    case .up: menu.row -= 1
    case .down: menu.row += 1
    case .pageUp, .halfUp, .first: menu.row = 0
    case .pageDown, .halfDown, .last: menu.row = count - 1
    case .left, .right: break
    }
    menu.row = min(max(0, menu.row), max(0, count - 1))
    overlay = .menu(menu)
  }

  /// Performs the action and closes the menu. If the action is not possible, shows why.
  mutating func perform(_ item: ActionMenu.Item?, of menu: ActionMenu) -> [Effect] {
    guard let item else { return [] }
    if let objection = item.objection {
      showMessage(objection)
      return []
    }
    overlay = nil
    guard menu.target == target else {
      showMessage("nothing done: the selection has moved to \(name(of: target))")
      return []
    }
    return perform(item.action)
  }
}
