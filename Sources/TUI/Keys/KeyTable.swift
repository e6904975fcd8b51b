/// One line of the key table. Update, hint line and help are all made from it.
struct KeyBinding: Sendable {
  let keys: [Key]
  let action: Action
  let group: Group
  /// How the help names the keys, e.g. `↓ j`.
  let names: String
  let help: String
  /// A word or two for the hint line; `nil` keeps it out.
  let hint: String?

  enum Group: String, CaseIterable, Sendable {
    case act = "Act"
    case look = "Look"
    case move = "Move"
    case program = "Program"
  }

  init(
    _ action: Action, _ group: Group, _ names: String, _ keys: [Key], _ help: String,
    hint: String? = nil
  ) {
    self.action = action
    self.group = group
    self.names = names
    self.keys = keys
    self.help = help
    self.hint = hint
  }
}

enum KeyTable {
  /// In the order of help and hint line.
  static let bindings: [KeyBinding] = [
    KeyBinding(.open, .look, "Enter", [.enter], "open what the cursor is on", hint: "open"),
    KeyBinding(.retry, .act, "r", [.character("r")], "retry the selected task", hint: "retry"),
    KeyBinding(
      .retryAll, .act, "R", [.character("R")], "retry all failed tasks", hint: "retry all"),
    KeyBinding(
      .skip, .act, "s", [.character("s")], "skip the failed task: emit its outputs",
      hint: "skip"),
    KeyBinding(
      .cancel, .act, "x", [.character("x")], "cancel the selected running task", hint: "cancel"),
    KeyBinding(
      .filter, .look, "/", [.character("/")], "show only tasks with some text", hint: "filter"),
    KeyBinding(.full, .look, "f", [.character("f")], "pane on the whole screen", hint: "full"),
    KeyBinding(
      .follow, .look, "F", [.character("F")], "follow the log, or pause it", hint: "follow"),
    KeyBinding(.back, .look, "Esc", [.escape, .backspace], "back: close, unfilter, unfull"),
    KeyBinding(.graphPane, .look, "1", [.character("1")], "graph"),
    KeyBinding(.tasksPane, .look, "2", [.character("2")], "tasks"),
    KeyBinding(.logPane, .look, "3", [.character("3")], "log"),
    KeyBinding(.nextPane, .look, "Tab", [.tab], "next pane", hint: "pane"),
    KeyBinding(.previousPane, .look, "S-Tab", [.backTab], "previous pane"),
    KeyBinding(.up, .move, "Up k", [.up, .character("k")], "up"),
    KeyBinding(.down, .move, "Down j", [.down, .character("j")], "down"),
    KeyBinding(.left, .move, "Left h", [.left, .character("h")], "pane to the left"),
    KeyBinding(.right, .move, "Right l", [.right, .character("l")], "pane to the right"),
    KeyBinding(.pageUp, .move, "PgUp", [.pageUp, .control("b")], "a page up"),
    KeyBinding(.pageDown, .move, "PgDn", [.pageDown, .control("f")], "a page down"),
    KeyBinding(.halfUp, .move, "Ctrl-u", [.control("u")], "half a page up"),
    KeyBinding(.halfDown, .move, "Ctrl-d", [.control("d")], "half a page down"),
    KeyBinding(.first, .move, "g Home", [.character("g"), .home], "to the first"),
    KeyBinding(.last, .move, "G End", [.character("G"), .end], "to the last; the log follows"),
    KeyBinding(.help, .program, "?", [.character("?"), .function(1)], "this help", hint: "help"),
    KeyBinding(.mouse, .program, "M", [.character("M")], "mouse on or off"),
    KeyBinding(.redraw, .program, "Ctrl-l", [.control("l")], "draw the screen again"),
    KeyBinding(.suspend, .program, "Ctrl-z", [.control("z")], "suspend"),
    KeyBinding(
      .quit, .program, "q", [.character("q"), .control("c")], "leave", hint: "leave"),
  ]

  private static let actions: [Key: Action] = Dictionary(
    bindings.flatMap { binding in binding.keys.map { ($0, binding.action) } },
    uniquingKeysWith: { first, _ in first })

  static func action(for key: Key) -> Action? { actions[key] }
}
