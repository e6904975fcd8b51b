/// All keys: the global ones and those of each pane, which take precedence while the pane has
/// the focus.
struct KeyTable: Sendable {
  let global: [KeyBinding]
  let local: [Pane: [KeyBinding]]
  private let globalActions: [Key: Action]
  private let localActions: [Pane: [Key: Action]]

  static let standard = KeyTable(
    global: GlobalKeys.bindings,
    local: Dictionary(
      Pane.built.map { ($0, $0.content?.bindings ?? []) }, uniquingKeysWith: { first, _ in first }))

  init(global: [KeyBinding], local: [Pane: [KeyBinding]]) {
    self.global = global
    self.local = local
    globalActions = Self.actions(of: global)
    localActions = local.mapValues(Self.actions)
  }

  private static func actions(of bindings: [KeyBinding]) -> [Key: Action] {
    Dictionary(
      bindings.flatMap { binding in binding.keys.map { ($0, binding.action) } },
      uniquingKeysWith: { first, _ in first })
  }

  func action(for key: Key, in pane: Pane) -> Action? {
    localActions[pane]?[key] ?? globalActions[key]
  }

  /// Whether the key has its own meaning in this pane.
  func hasOwn(_ key: Key, in pane: Pane) -> Bool { localActions[pane]?[key] != nil }

  /// The bindings of a pane: its own first, then the global ones that still have a key.
  func bindings(in pane: Pane) -> [KeyBinding] {
    let own = local[pane] ?? []
    let taken = localActions[pane] ?? [:]
    return own
      + global.compactMap { binding in
        var binding = binding
        binding.keys.removeAll { taken[$0] != nil }
        return binding.keys.isEmpty ? nil : binding
      }
  }

  /// All bindings, of all panes.
  var all: [KeyBinding] { global + Pane.built.flatMap { local[$0] ?? [] } }
}
