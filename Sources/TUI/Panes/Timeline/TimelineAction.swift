/// What the keys of the timeline mean.
enum TimelineAction: String, CaseIterable, Sendable {
  case zoomIn, zoomOut, fit, group, earlier, later, now
}

extension TimelinePane {
  static let bindings: [KeyBinding] = [
    KeyBinding(
      .timeline(.zoomIn), .look, [.character("+")], "see less time, larger", hint: "zoom in"),
    KeyBinding(
      .timeline(.zoomOut), .look, [.character("-")], "see more time, smaller", hint: "zoom out"),
    KeyBinding(.timeline(.fit), .look, [.character("=")], "see the whole run", hint: "all"),
    KeyBinding(
      .timeline(.group), .look, [.character("b")], "by worker or by stage", hint: "by stage"),
    KeyBinding(.timeline(.earlier), .look, [.character("<")], "earlier", hint: "earlier"),
    KeyBinding(.timeline(.later), .look, [.character(">")], "later", hint: "later"),
    KeyBinding(.timeline(.now), .look, [.character(".")], "go with the time", hint: "now"),
  ]
}
