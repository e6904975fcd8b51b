internal import Workflow

/// An error in the user's keys.
struct KeyChoiceError: Error, Equatable {
  /// The action to which the keys were assigned.
  let action: String
  let text: String
}

extension KeyTable {
  /// The table with other keys for some actions, by name; an empty list removes all keys.
  /// Other actions lose a key that is reassigned.
  func rebinding(_ choices: [String: [Key]]) throws(KeyChoiceError) -> KeyTable {
    for name in choices.keys.sorted() where !all.contains(where: { $0.action.name == name }) {
      let nearest = EditDistance.closest(to: name, among: all.map(\.action.name))
      let advice = nearest.map { "did you mean \($0)?" } ?? "`:` lists all"
      throw KeyChoiceError(
        action: name, text: "unknown action; \(advice)")
    }
    let table = KeyTable(
      global: try Self.rebound(global, choices),
      local: Dictionary(
        uniqueKeysWithValues: try local.map { (pane, bindings) throws(KeyChoiceError) in
          (pane, try Self.rebound(bindings, choices))
        }))
    for action in [ShellAction.help, .quit, .palette] {
      let hasKey = table.global.contains { $0.action == .shell(action) && !$0.keys.isEmpty }
      if !hasKey {
        throw KeyChoiceError(
          action: action.rawValue, text: "needs at least one key")
      }
    }
    return table
  }

  private static func rebound(
    _ bindings: [KeyBinding], _ choices: [String: [Key]]
  ) throws(KeyChoiceError) -> [KeyBinding] {
    var owner: [Key: String] = [:]
    for name in bindings.map(\.action.name) {
      for key in choices[name] ?? [] {
        if let other = owner[key], other != name {
          throw KeyChoiceError(
            action: name, text: "\(key.name) is already used by \(other): choose another")
        }
        owner[key] = name
      }
    }
    return bindings.map { binding in
      var binding = binding
      let name = binding.action.name
      binding.keys = choices[name] ?? binding.keys.filter { owner[$0] == nil }
      return binding
    }
  }
}
