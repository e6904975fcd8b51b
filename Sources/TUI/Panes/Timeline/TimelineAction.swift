/// What the keys of the timeline mean.
enum TimelineAction: String, CaseIterable, Sendable {
  case zoomIn, zoomOut, fit, group, earlier, later, now
}

extension TimelinePane {
  static let bindings: [KeyBinding] = [
    KeyBinding(
      .timeline(.zoomIn), .look, [.character("+")], "zoom in", hint: "zoom in"),
    KeyBinding(
      .timeline(.zoomOut), .look, [.character("-")], "zoom out", hint: "zoom out"),
    KeyBinding(.timeline(.fit), .look, [.character("=")], "show the whole run", hint: "all"),
    KeyBinding(
      .timeline(.group), .look, [.character("b")], "by worker or by stage", hint: "by stage"),
    KeyBinding(.timeline(.earlier), .look, [.character("<")], "earlier", hint: "earlier"),
    KeyBinding(.timeline(.later), .look, [.character(">")], "later", hint: "later"),
    KeyBinding(.timeline(.now), .look, [.character(".")], "follow the time", hint: "now"),
  ]
}
