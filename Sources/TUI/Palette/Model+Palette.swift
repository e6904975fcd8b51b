internal import Workflow

extension Model {
  mutating func openPalette() {
    palette.touch()
    prompt = Prompt(.command)
  }

  /// A key while a command is typed; `false` when it is one for the text.
  mutating func takePaletteKey(_ key: Key) -> Bool {
    guard let prompt, prompt.purpose == .command else { return false }
    let text = prompt.field.text
    let next: String?
    switch key {
    case .up, .control("p"): next = palette.recall(-1, from: text)
    case .down, .control("n"): next = palette.recall(1, from: text)
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

  /// Runs a line of the palette.
  mutating func runCommand(_ text: String) -> [Effect] {
    let line = text.split(separator: " ").joined(separator: " ")
    guard !line.isEmpty else { return [] }
    palette.remember(line)
    do throws(PaletteError) {
      return try effects(of: line)
    } catch {
      say(error.text)
      return []
    }
  }

  private mutating func effects(of line: String) throws(PaletteError) -> [Effect] {
    var words = line.split(separator: " ").map(String.init)
    let typed = words.removeFirst()
    let name = try fullName(typed)
    if let verb = verbs.first(where: { $0.name == name }) { return try verb.run(words, &self) }
    guard let action = keys.bindings(in: focus).first(where: { $0.action.name == name })?.action
    else { throw PaletteError("there is no command \(typed.displayName): Tab shows them") }
    return try perform(action, words)
  }

  /// A beginning is enough where it is that of one command only.
  private func fullName(_ typed: String) throws(PaletteError) -> String {
    let names = paletteEntries.map(\.name)
    if names.contains(typed) { return typed }
    let fitting = names.filter { $0.hasPrefix(typed) }
    switch fitting.count {
    case 1: return fitting[0]
    case 0: throw PaletteError("there is no command \(typed.displayName): Tab shows them")
    default:
      throw PaletteError(
        "\(typed) could be \(fitting.prefix(4).joined(separator: ", ")): type more of it")
    }
  }
}
