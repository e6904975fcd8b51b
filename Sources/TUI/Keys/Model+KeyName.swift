extension Model {
  /// The key of an action in the focused pane, for messages; `:name` if it has no key.
  func keyName(_ action: Action) -> String {
    let binding = keys.bindings(in: focus).first { $0.action == action }
    return binding?.keys.first?.name ?? ":\(action.name)"
  }

  /// The message for a key without meaning in the focused pane: in which panes it has one.
  func objection(to key: Key) -> String {
    let panes = Pane.built.filter { keys.hasOwn(key, in: $0) }
    guard let first = panes.first else { return "\(keyName(.shell(.help))) lists the keys" }
    let names = panes.map(\.name).joined(separator: ", ")
    return "\(key.name) is a key of \(names): go there with \(keyName(.show(first)))"
  }
}
