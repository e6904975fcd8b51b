extension Model {
  /// The key for something in the focused pane, for sentences that name it; `:name` where no key
  /// has it.
  func keyName(_ action: Action) -> String {
    let binding = keys.bindings(in: focus).first { $0.action == action }
    return binding?.keys.first?.name ?? ":\(action.name)"
  }

  /// What there is to say of a key that means nothing in the focused pane: where it does.
  func objection(to key: Key) -> String {
    let panes = Pane.built.filter { keys.hasOwn(key, in: $0) }
    guard let first = panes.first else { return "\(keyName(.shell(.help))) lists the keys" }
    let names = panes.map(\.name).joined(separator: ", ")
    return "\(key.name) is a key of \(names): \(keyName(.show(first))) goes there"
  }
}
