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
      .log(.follow), .look, [.character("F")], "follow the output, or pause it", hint: "follow"),
    KeyBinding(.log(.find), .look, [.character("/")], "find in all of the log", hint: "find"),
    KeyBinding(.log(.next), .look, [.character("n")], "next line found"),
    KeyBinding(.log(.previous), .look, [.character("N")], "previous line found"),
    KeyBinding(
      .log(.filter), .look, [.character("&")], "show only lines with some text", hint: "only"),
    KeyBinding(
      .log(.firstError), .look, [.character("E")], "to the first error", hint: "error"),
    KeyBinding(.log(.olderAttempt), .look, [.character("[")], "the attempt before"),
    KeyBinding(.log(.newerAttempt), .look, [.character("]")], "the attempt after"),
    KeyBinding(
      .log(.beside), .look, [.character("b")], "two attempts side by side", hint: "beside"),
    KeyBinding(
      .log(.merge), .look, [.character("m")], "log of the task, its stage, the run",
      hint: "merge"),
    KeyBinding(
      .log(.streams), .look, [.character("o")], "stderr, stdout, or both", hint: "streams"),
    KeyBinding(.log(.times), .look, [.character("t")], "time of day, since the start, none"),
    KeyBinding(.log(.wrap), .look, [.character("w")], "wrap long lines", hint: "wrap"),
    KeyBinding(.log(.left), .look, [.character("<")], "to the left, in long lines"),
    KeyBinding(.log(.right), .look, [.character(">")], "to the right, in long lines"),
    KeyBinding(.log(.copy), .act, [.character("y")], "copy the lines on the screen", hint: "copy"),
    KeyBinding(.log(.copyAll), .act, [.character("Y")], "copy all lines shown"),
    KeyBinding(.log(.save), .act, [.character("W")], "save all lines shown", hint: "save"),
    KeyBinding(.log(.page), .act, [.character("v")], "open in $PAGER", hint: "pager"),
    KeyBinding(.log(.edit), .act, [.character("V")], "open in $EDITOR"),
    KeyBinding(
      .log(.bare), .act, [.character("c")], "bare text, to select it with the mouse",
      hint: "bare"),
  ]
}
