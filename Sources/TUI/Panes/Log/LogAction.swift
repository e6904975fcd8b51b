/// What the keys of the log mean.
enum LogAction: String, CaseIterable, Sendable {
  case follow, find, next, previous, filter, firstError
  case olderAttempt, newerAttempt, beside, merge
  case streams, times, wrap, left, right
  case copy, copyAll, save, page, edit, bare
}

extension LogPane {
  static let bindings: [KeyBinding] = [
    KeyBinding(
      .log(.follow), .look, [.character("F")], "follow the output, or stay", hint: "follow"),
    KeyBinding(.log(.find), .look, [.character("/")], "search the whole log", hint: "search"),
    KeyBinding(.log(.next), .look, [.character("n")], "next match"),
    KeyBinding(.log(.previous), .look, [.character("N")], "previous match"),
    KeyBinding(
      .log(.filter), .look, [.character("&")], "show only matching lines", hint: "only"),
    KeyBinding(
      .log(.firstError), .look, [.character("E")], "first error", hint: "error"),
    KeyBinding(.log(.olderAttempt), .look, [.character("[")], "previous attempt"),
    KeyBinding(.log(.newerAttempt), .look, [.character("]")], "next attempt"),
    KeyBinding(
      .log(.beside), .look, [.character("b")], "two attempts side by side", hint: "beside"),
    KeyBinding(
      .log(.merge), .look, [.character("m")], "log of the task, its stage, the run",
      hint: "merge"),
    KeyBinding(
      .log(.streams), .look, [.character("o")], "stderr, stdout, or both", hint: "streams"),
    KeyBinding(.log(.times), .look, [.character("t")], "time of day, since the start, none"),
    KeyBinding(.log(.wrap), .look, [.character("w")], "wrap long lines", hint: "wrap"),
    KeyBinding(.log(.left), .look, [.character("<")], "scroll left"),
    KeyBinding(.log(.right), .look, [.character(">")], "scroll right"),
    KeyBinding(.log(.copy), .act, [.character("y")], "copy the lines on the screen", hint: "copy"),
    KeyBinding(.log(.copyAll), .act, [.character("Y")], "copy all shown lines"),
    KeyBinding(.log(.save), .act, [.character("W")], "save all shown lines", hint: "save"),
    KeyBinding(.log(.page), .act, [.character("v")], "open in $PAGER", hint: "pager"),
    KeyBinding(.log(.edit), .act, [.character("V")], "open in $EDITOR"),
    KeyBinding(
      .log(.bare), .act, [.character("c")], "plain text, to select with the mouse",
      hint: "bare"),
  ]
}
