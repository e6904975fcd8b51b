/// The keys of a replay. They win over those of the panes, whose actions on the run mean nothing
/// here.
enum ReplayKeys {
  static let bindings: [KeyBinding] = [
    KeyBinding(
      .replay(.pause), .run, [.character(" "), .character("p")], "stop the time, or go on",
      hint: "pause"),
    KeyBinding(.replay(.slower), .run, [.character("<")], "half as fast", hint: "slower"),
    KeyBinding(.replay(.faster), .run, [.character(">")], "twice as fast", hint: "faster"),
    KeyBinding(.replay(.back), .run, [.character("{")], "a twentieth back", hint: "back"),
    KeyBinding(.replay(.forward), .run, [.character("}")], "a twentieth on", hint: "on"),
    KeyBinding(.replay(.start), .run, [.character("(")], "to the beginning"),
    KeyBinding(.replay(.end), .run, [.character(")")], "to the end"),
  ]
}

/// What a key does to a replay.
enum ReplayAction: String, CaseIterable, Sendable {
  case pause, slower, faster, back, forward, start, end
}

extension KeyTable {
  /// The same with bindings that win everywhere.
  func overlaid(with bindings: [KeyBinding]) -> KeyTable {
    let taken = Set(bindings.flatMap(\.keys))
    func rest(_ others: [KeyBinding]) -> [KeyBinding] {
      others.compactMap { binding in
        var binding = binding
        binding.keys.removeAll { taken.contains($0) }
        return binding.keys.isEmpty ? nil : binding
      }
    }
    return KeyTable(global: bindings + rest(global), local: local.mapValues(rest))
  }
}
