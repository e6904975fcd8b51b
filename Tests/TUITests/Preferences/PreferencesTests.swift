import Testing

@testable import TUI

struct PreferencesTests {
  private func preferences(_ settings: [(String, PreferenceValue)]) throws -> Preferences {
    var preferences = Preferences()
    for (path, value) in settings {
      try preferences.set(path.split(separator: "/").map(String.init), to: value)
    }
    try preferences.check()
    return preferences
  }

  private func mistake(_ settings: [(String, PreferenceValue)]) -> String? {
    do {
      _ = try preferences(settings)
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test(arguments: [
    (Preferences.Glyphs.auto, true, "xterm", false), (.auto, false, "xterm", true),
    (.auto, true, "linux", true), (.unicode, true, "linux", false),
    (.unicode, false, "xterm", false),
    (.ascii, true, "xterm", true),
  ])
  func `glyphs are ASCII if the terminal has no others`(
    glyphs: Preferences.Glyphs, isUTF8: Bool, terminal: String, expected: Bool
  ) {
    #expect(glyphs.areASCII(isUTF8: isUTF8, terminal: terminal) == expected)
  }

  @Test func `every setting is applied`() throws {
    let preferences = try preferences([
      ("theme", .text("light")), ("glyphs", .text("ascii")), ("mouse", .flag(false)),
      ("plain", .flag(true)), ("bell", .flag(false)), ("notify", .flag(false)),
      ("on-finish", .text("make next")), ("panes/left", .text("log")),
      ("panes/lower", .text("graph")), ("panes/focus", .text("log")),
      ("keys/retry", .list(["t", "F5"])), ("keys/log.follow", .text("Space")),
    ])
    #expect(preferences.theme == .light && preferences.glyphs == .ascii)
    #expect(!preferences.mouse && preferences.plain && !preferences.bell && !preferences.notify)
    #expect(preferences.onFinish == "make next")
    #expect(preferences.slots == .init(left: .log, upper: .tasks, lower: .graph))
    #expect(preferences.focus == .log)
    #expect(
      preferences.keys == [
        "retry": [.character("t"), .function(5)], "log.follow": [.character(" ")],
      ])
  }

  private static let mistakes: [([(String, PreferenceValue)], String)] = [
    ([("theem", .text("light"))], "theem: unknown setting; did you mean theme?"),
    ([("theme", .text("lihgt"))], "theme: unknown theme lihgt; did you mean light?"),
    (
      [("theme", .flag(true))],
      "theme: needs one of default, light, high-contrast, colour-blind-safe, mono, found true"
    ),
    ([("mouse", .text("no"))], "mouse: needs true or false, found \"no\""),
    ([("bell", .other("a number"))], "bell: needs true or false, found a number"),
    ([("keys", .text("r"))], "keys: needs a table, as in [keys], found \"r\""),
    ([("keys/retyr", .text("t"))], "keys.retyr: unknown action; did you mean retry?"),
    (
      [("keys/retry", .text("Ctrl"))],
      "keys.retry: unknown key Ctrl; keys are r, R, Ctrl-r, F5, PgUp, Enter, Space, …"
    ),
    (
      [("keys/retry", .text("t")), ("keys/skip", .text("t"))],
      "keys.skip: t is already used by retry: choose another"
    ),
    ([("keys/quit", .list([]))], "keys.quit: needs at least one key"),
    ([("keys/help", .text("q")), ("keys/quit", .text("Ctrl-q"))], ""),
    (
      [("panes/middle", .text("log"))],
      "panes.middle: unknown setting; settings: left, upper, lower, focus"
    ),
    ([("panes/left", .text("logs"))], "panes.left: unknown pane logs; did you mean log?"),
    ([("panes/left", .text("log"))], "panes: a pane can have only one place"),
    (
      [("panes/focus", .text("detail"))],
      "panes.focus: detail is not left, upper or lower"
    ),
    (
      [("a/b/c", .flag(true))],
      "a.b.c: unknown setting; settings: theme, glyphs, mouse, "
        + "plain, bell, notify, on-finish, keys, panes, columns"
    ),
  ]

  @Test(arguments: mistakes)
  func `an error is one line that says what to do`(
    settings: [(String, PreferenceValue)], text: String
  ) {
    #expect((mistake(settings) ?? "") == text)
  }

  @Test func `errors cannot control a terminal`() throws {
    for path in ["theme", "glyphs", "keys/retry", "panes/left", "mouse"] {
      let text = try #require(mistake([(path, .text("\u{1B}[2J\n"))]))
      #expect(text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
    }
  }

  @Test func `a key given to one action is taken from another`() throws {
    let table = try KeyTable.standard.rebinding(["retry": [.character("x")]])
    #expect(table.action(for: .character("x"), in: .tasks) == .task(.retry))
    #expect(table.action(for: .character("r"), in: .tasks) == nil)
    #expect(table.global.first { $0.action == .task(.cancel) }?.keys == [])
    #expect(!table.bindings(in: .tasks).contains { $0.action == .task(.cancel) })
  }

  @Test func `help and hints show the configured keys`() throws {
    var story = try Scenes.midway()
    var model = try Scenes.model(&story, 120, 32)
    var preferences = Preferences()
    try preferences.set(["keys", "retry"], to: .text("t"))
    model.adopt(preferences)
    #expect(model.draw().lines.last?.contains("t retry") == true)
    _ = model.update(.input(.key(.character("?"))))
    #expect(model.draw().lines.contains { $0.contains(" t  ") && $0.contains("retry the") })
  }

  @Test func `the task table has the configured columns`() throws {
    var story = try Scenes.midway()
    var model = try Scenes.model(&story, 100, 30)
    #expect(model.draw().text.contains(" last line"))
    var preferences = Preferences()
    try preferences.set(["columns", "tasks"], to: .list(["name", "host", "state", "time"]))
    model.adopt(preferences)
    model.choose(.tasks)
    model.arrangement.isFull = true
    let titles = model.draw().lines[3].split { " ↑↓│".contains($0) }
    #expect(titles == ["task", "host", "state", "time"])
    #expect(throws: PreferenceError.self) {
      try preferences.set(["columns", "tasks"], to: .list(["colour"]))
    }
    #expect(throws: PreferenceError.self) {
      try preferences.set(["columns", "log"], to: .list(["time"]))
    }
  }

  @Test func `panes are where the configuration places them`() throws {
    var model = try Story(Workflows.chain).model()
    var preferences = Preferences()
    try preferences.set(["panes", "left"], to: .text("log"))
    try preferences.set(["panes", "lower"], to: .text("graph"))
    model.adopt(preferences)
    #expect(model.layout.panes[.log]?.column == 0)
    #expect(try #require(model.layout.panes[.graph]).row > 2)
  }

  @Test(arguments: KeyTable.standard.all.flatMap(\.keys))
  func `every key name can be read back`(key: Key) {
    #expect(Key(name: key.name) == key)
  }

  @Test(arguments: ["", "rr", "Ctrl-", "Ctrl-12", "F0", "F13", "Alt-x"])
  func `invalid key names are refused`(name: String) {
    #expect(Key(name: name) == nil)
  }
}
