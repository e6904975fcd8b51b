/// The keys of a replay. They take precedence over those of panes, whose actions on the run are
/// not possible.
enum ReplayKeys {
  static let bindings: [KeyBinding] = [
    KeyBinding(
      .replay(.pause), .run, [.character(" "), .character("p")], "pause or continue",
      hint: "pause"),
    KeyBinding(.replay(.slower), .run, [.character("<")], "half speed", hint: "slower"),
    KeyBinding(.replay(.faster), .run, [.character(">")], "double speed", hint: "faster"),
    KeyBinding(.replay(.back), .run, [.character("{")], "5 % back", hint: "back"),
    KeyBinding(.replay(.forward), .run, [.character("}")], "5 % forward", hint: "forward"),
    KeyBinding(.replay(.start), .run, [.character("(")], "to the start"),
    KeyBinding(.replay(.end), .run, [.character(")")], "to the end"),
  ]
}

/// The actions of a replay.
enum ReplayAction: String, CaseIterable, Sendable {
  case pause, slower, faster, back, forward, start, end
}

extension KeyTable {
  /// The table with bindings that take precedence everywhere.
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
