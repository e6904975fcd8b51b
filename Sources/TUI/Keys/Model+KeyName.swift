extension Model {
  /// The key for something in the focused pane, for sentences that name it; `:name` where no key
  /// has it.
  func keyName(_ action: Action) -> String {
    let binding = keys.bindings(in: focus).first { $0.action == action }
    return binding?.keys.first?.name ?? ":\(action.name)"
  }
}
