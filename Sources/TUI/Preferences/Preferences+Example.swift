extension Preferences {
  /// A configuration file with every setting at its default, explained.
  public static var example: [String] {
    let themes = ThemeName.allCases.map(\.rawValue).joined(separator: ", ")
    return [
      "# hflow-tui: how the screen looks, and what the keys do.",
      "# Commented settings are the defaults. Remove the # to change one.",
      "",
      "# \(themes)",
      "#theme = \"default\"",
      "# auto (from the locale), unicode, ascii",
      "#glyphs = \"auto\"",
      "# The mouse selects, scrolls and drags; M turns it off.",
      "#mouse = true",
      "# Lines for a screen reader instead of a screen; P switches.",
      "#plain = false",
      "# When a run ends: ring, send a notification, run a shell command.",
      "#bell = true",
      "#notify = true",
      "#on-finish = \"\"",
      "",
      "# Which panes have a fixed place: \(list(Pane.built.map { "\($0)" }))",
      "#[panes]",
      "#left = \"graph\"",
      "#upper = \"tasks\"",
      "#lower = \"log\"",
      "#focus = \"tasks\"",
      "",
    ] + exampleColumns + exampleKeys
  }

  private static var exampleColumns: [String] {
    let tables = Pane.built.filter { !($0.content?.columns ?? []).isEmpty }
    guard !tables.isEmpty else { return [] }
    return ["# Columns of tables, from left to right.", "#[columns]"]
      + tables.map { "#\($0) = [\(quoted($0.content?.columns ?? []))]" } + [""]
  }

  private static var exampleKeys: [String] {
    let table = KeyTable.standard
    var lines = ["# One or several keys for each action; [] removes them.", "#[keys]"]
    lines += table.global.map(line)
    for pane in Pane.built {
      guard let bindings = table.local[pane], !bindings.isEmpty else { continue }
      lines.append("# In \(pane.name):")
      lines += bindings.map(line)
    }
    return lines
  }

  private static func line(_ binding: KeyBinding) -> String {
    let name = binding.action.name
    let key = name.contains(".") ? "\"\(name)\"" : name
    let keys = binding.keys.map(\.name)
    let value = keys.count == 1 ? quoted(keys) : "[\(quoted(keys))]"
    let setting = "#\(key) = \(value)"
    return setting + String(repeating: " ", count: max(1, 40 - setting.count)) + "# \(binding.help)"
  }

  private static func list(_ words: [String]) -> String { words.joined(separator: ", ") }

  private static func quoted(_ words: [String]) -> String {
    words.map { "\"\($0.replacing("\\", with: "\\\\"))\"" }.joined(separator: ", ")
  }
}
