/// The keys of all panes, unless a pane uses them itself.
enum GlobalKeys {
  /// In the order of help and hint line.
  static let bindings: [KeyBinding] =
    [
      KeyBinding(
        .shell(.open), .view, [.enter], "open the selected item", hint: "open",
        isEssential: true),
      KeyBinding(
        .shell(.menu), .view, [.character(".")], "menu of what can be done here", hint: "menu",
        isEssential: true),
      KeyBinding(
        .task(.retry), .act, [.character("r")], "retry the task; start a scheduled retry now",
        hint: "retry", isEssential: true),
      KeyBinding(
        .task(.retryAll), .act, [.character("R")], "retry all failed tasks", hint: "retry all"),
      KeyBinding(
        .task(.edit), .act, [.character("e")], "edit the command, then retry", hint: "edit",
        isEssential: true),
      KeyBinding(
        .task(.skip), .act, [.character("s")], "skip the failed task: send its outputs",
        hint: "skip"),
      KeyBinding(
        .task(.cancel), .act, [.character("x")], "cancel the running task", hint: "cancel"),
      KeyBinding(.task(.hold), .act, [.character("H")], "hold the task"),
      KeyBinding(.task(.release), .act, [.character("U")], "release the held task"),
      KeyBinding(
        .shell(.find), .view, [.character("/")], "filter tasks", hint: "filter", isEssential: true),
      KeyBinding(.shell(.nextError), .view, [.character("E")], "next failed task"),
      KeyBinding(
        .shell(.full), .view, [.character("f")], "show the pane full screen", hint: "full"),
      KeyBinding(
        .shell(.back), .view, [.escape, .backspace], "back: close, show all, all panes"),
    ] + panes + runs + moves + program

  private static let runs: [KeyBinding] = [
    KeyBinding(.run(.pause), .run, [.character("p")], "pause or continue the run", hint: "pause"),
    KeyBinding(.run(.moreSlots), .run, [.character("+"), .character("=")], "add a slot"),
    KeyBinding(.run(.fewerSlots), .run, [.character("-")], "remove a slot"),
    KeyBinding(.run(.failFast), .run, [.character("!")], "fail-fast on or off"),
    KeyBinding(.run(.stop), .run, [.character("X")], "stop the run"),
    KeyBinding(.run(.close), .run, [.character("C")], "close the run that waits for retries"),
  ]

  /// A key for each pane: its number, and a letter for frequent ones.
  private static let panes: [KeyBinding] =
    Pane.built.map { pane in
      var keys = [Key.character(Character("\(pane.rawValue)"))]
      if let letter = letters[pane] { keys.insert(.character(letter), at: 0) }
      return KeyBinding(
        .show(pane), .view, keys, pane.name.lowercased(),
        hint: letters[pane] == nil ? nil : pane.name.lowercased(), isEssential: pane == .failures)
    } + [
      KeyBinding(.shell(.nextPane), .view, [.tab], "next pane", hint: "pane"),
      KeyBinding(.shell(.previousPane), .view, [.backTab], "previous pane"),
    ]

  private static let letters: [Pane: Character] = [.failures: "F", .timeline: "T"]

  private static let moves: [KeyBinding] = [
    KeyBinding(.move(.up), .move, [.up, .character("k")], "up"),
    KeyBinding(.move(.down), .move, [.down, .character("j")], "down"),
    KeyBinding(.move(.left), .move, [.left, .character("h")], "pane to the left"),
    KeyBinding(.move(.right), .move, [.right, .character("l")], "pane to the right"),
    KeyBinding(.move(.pageUp), .move, [.pageUp, .control("b")], "page up"),
    KeyBinding(.move(.pageDown), .move, [.pageDown, .control("f")], "page down"),
    KeyBinding(.move(.halfUp), .move, [.control("u")], "half page up"),
    KeyBinding(.move(.halfDown), .move, [.control("d")], "half page down"),
    KeyBinding(.move(.first), .move, [.character("g"), .home], "first"),
    KeyBinding(.move(.last), .move, [.character("G"), .end], "last; follow the log"),
  ]

  private static let program: [KeyBinding] = [
    KeyBinding(
      .shell(.palette), .program, [.character(":")], "enter a command", hint: "command"),
    KeyBinding(
      .shell(.help), .program, [.character("?"), .function(1)], "this help", hint: "help"),
    KeyBinding(.shell(.mouse), .program, [.character("M")], "mouse on or off"),
    KeyBinding(
      .shell(.plain), .program, [.character("P")], "plain lines or the screen"),
    KeyBinding(.shell(.redraw), .program, [.control("l")], "redraw the screen"),
    KeyBinding(.shell(.suspend), .program, [.control("z")], "suspend"),
    KeyBinding(
      .shell(.quit), .program, [.character("q"), .control("c")], "leave", hint: "leave"),
  ]
}
