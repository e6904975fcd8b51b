internal import Workflow

extension Model {
  mutating func openPalette() {
    palette.touch()
    prompt = Prompt(.command)
  }

  /// Handles a key while a command is typed; `false` if the text field should handle it.
  mutating func handlePaletteKey(_ key: Key) -> Bool {
    guard let prompt else { return false }
    let text = prompt.field.text
    if prompt.purpose == .filterTasks { return completeFilter(key, text) }
    guard prompt.purpose == .command else { return false }
    let next: String?
    switch key {
    case .up, .control("p"): next = palette.moveInHistory(-1, from: text)
    case .down, .control("n"): next = palette.moveInHistory(1, from: text)
    case .tab, .backTab:
      let steps = key == .tab ? 1 : -1
      var palette = self.palette
      next = palette.cycle(steps) { completions(of: text) }
      self.palette = palette
    default:
      palette.touch()
      return false
    }
    if let next { self.prompt?.field = TextField(next) }
    return true
  }

  /// Tab completes a filter.
  private mutating func completeFilter(_ key: Key, _ text: String) -> Bool {
    guard key == .tab || key == .backTab else {
      palette.touch()
      return false
    }
    var palette = self.palette
    let next = palette.cycle(key == .tab ? 1 : -1) { filterCompletions(of: text) }
    self.palette = palette
    guard let next else { return true }
    prompt?.field = TextField(next)
    if let prompt { prompt.pane?.content?.typed(prompt, on: &self) }
    return true
  }

  /// Runs a command line.
  mutating func runCommand(_ text: String) -> [Effect] {
    let line = text.split(separator: " ").joined(separator: " ")
    guard !line.isEmpty else { return [] }
    palette.remember(line)
    do throws(PaletteError) {
      return try effects(of: line)
    } catch {
      showMessage(error.text)
      return []
    }
  }

  private mutating func effects(of line: String) throws(PaletteError) -> [Effect] {
    var words = line.split(separator: " ").map(String.init)
    let typed = words.removeFirst()
    let name = try fullName(typed)
    if let verb = verbs.first(where: { $0.name == name }) { return try verb.run(words, &self) }
    guard let action = keys.bindings(in: focus).first(where: { $0.action.name == name })?.action
    else { throw PaletteError("unknown command \(typed.displayName): Tab lists all") }
    return try perform(action, words)
  }

  /// A unique prefix of a command is enough.
  private func fullName(_ typed: String) throws(PaletteError) -> String {
    let names = paletteEntries.map(\.name)
    if names.contains(typed) { return typed }
    let fitting = names.filter { $0.hasPrefix(typed) }
    switch fitting.count {
    case 1: return fitting[0]
    case 0: throw PaletteError("unknown command \(typed.displayName): Tab lists all")
    default:
      throw PaletteError(
        "\(typed) is ambiguous: \(fitting.prefix(4).joined(separator: ", "))")
    }
  }
}
