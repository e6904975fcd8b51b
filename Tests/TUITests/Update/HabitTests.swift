import Engine
import JobProtocol
import Testing

@testable import TUI

/// Keys with one meaning, messages that say what happened, and a mouse that does what it points at.
struct HabitTests {
  private func model(_ columns: Int = 120, _ rows: Int = 36) throws -> Model {
    var story = try Scenes.midway()
    var model = try Scenes.model(&story, columns, rows)
    model.recordShownTarget()
    return model
  }

  @discardableResult
  private func press(_ model: inout Model, _ keys: Key...) -> [Effect] {
    let effects = keys.flatMap { model.update(.input(.key($0))) }
    model.recordShownTarget()
    return effects
  }

  @Test(arguments: Pane.built)
  func `F shows the failures and E goes to the next error in every pane`(pane: Pane) throws {
    let table = KeyTable.standard
    #expect(table.action(for: .character("F"), in: pane) == .show(.failures))
    let action = try #require(table.action(for: .character("E"), in: pane))
    #expect(
      [.shell(.nextError), .log(.nextError), .events(.nextError), .graph(.nextTrouble)]
        .contains(action))
  }

  @Test func `E selects the next failed task, and comes around`() throws {
    var model = try model()
    press(&model, .character("G"))
    press(&model, .character("E"))
    let selected = try #require(model.selected)
    #expect(model.run.state(of: selected).needsAttention)
    #expect(model.status == "continued from the beginning")
  }

  @Test func `a filter opens with its text selected, so that typing replaces it`() throws {
    var model = try model()
    press(&model, .character("/"), .character("m"), .character("A"), .enter, .character("/"))
    #expect(model.prompt?.field.text == "mA" && model.prompt?.field.isSelected == true)
    press(&model, .character("p"))
    #expect(model.prompt?.field.text == "p")
    press(&model, .enter, .character("/"), .right, .character("q"))
    #expect(model.prompt?.field.text == "pq", "moving keeps it")
    press(&model, .enter, .character("/"), .backspace)
    #expect(model.prompt?.field.text == "")
  }

  @Test func `Tab completes filters and their values`() throws {
    var model = try model()
    press(&model, .character("/"))
    for character in "state:fa" { press(&model, .character(character)) }
    press(&model, .tab)
    #expect(model.prompt?.field.text == "state:failed")
    press(&model, .character(" "), .character("c"), .character("a"), .tab)
    #expect(model.prompt?.field.text == "state:failed cause:")
    press(&model, .character("o"), .tab)
    #expect(model.prompt?.field.text == "state:failed cause:oom")
    press(&model, .escape, .character(":"))
    for character in "filter host:" { press(&model, .character(character)) }
    press(&model, .tab)
    #expect(model.prompt?.field.text == "filter host:node-a")
  }

  @Test func `after the only completion, Tab completes what follows it`() throws {
    var model = try model()
    press(&model, .character(":"))
    for character in "set th" { press(&model, .character(character)) }
    press(&model, .tab)
    #expect(model.prompt?.field.text == "set theme ")
    press(&model, .tab, .tab)
    #expect(model.prompt?.field.text == "set theme light")
  }

  @Test func `the hints of a pane do not name the key that shows it`() throws {
    var model = try model()
    #expect(HintView.line(model, columns: 200).text.contains("F failures"))
    press(&model, .character("F"))
    #expect(!HintView.line(model, columns: 200).text.contains("F failures"))
  }

  @Test(arguments: [(80, 24), (120, 36)])
  func `panes keep their sizes while a filter is typed`(columns: Int, rows: Int) throws {
    var model = try model(columns, rows)
    let before = model.layout
    for character in "/mAdd" {
      press(&model, .character(character))
      #expect(model.layout == before)
    }
    #expect(model.tasks.count == 1)
  }

  @Test func `the header of a failed run says once that it is open`() throws {
    var story = try Story(Workflows.pairs(1))
    story.begin()
    story.finish(try story.startNext(), .failed(.exit(1)), after: 100, saying: "no")
    let line = story.model(120, 36).draw().lines[0]
    #expect(line.contains("failed, open"))
    #expect(line.ranges(of: "open").count == 1, "\(line)")
  }

  @Test func `the menu is as wide as its reasons need`() throws {
    var model = try model(200, 55)
    press(&model, .character("."))
    let lines = model.draw().lines.filter { $0.contains("only") }
    #expect(!lines.isEmpty && lines.allSatisfy { !$0.contains("…") })
  }

  @Test func `a range ends with the next action`() throws {
    var model = try model()
    press(&model, .character("V"), .down)
    #expect(model.tasks.marks.isDrawing && model.tasks.marks.count == 2)
    press(&model, .character("b"))
    #expect(!model.tasks.marks.isDrawing)
    press(&model, .down)
    #expect(model.tasks.marks.count == 2)
  }

  @Test func `q and s ask before they stop the run, as X does`() throws {
    var model = try model()
    #expect(press(&model, .character("q"), .character("s")).isEmpty)
    #expect(model.overlay == .question(.stopAndLeave))
    #expect(model.draw().lines.last?.contains("Stop the run and leave?") == true)
    #expect(press(&model, .escape).isEmpty && model.overlay == nil)
    #expect(
      press(&model, .character("q"), .character("s"), .character("y"))
        == [.world(.control(.stop)), .leave(.stop)])
  }

  @Test func `the last row says what was asked, then what happened`() throws {
    var model = try model()
    press(&model, .character("p"))
    #expect(model.status == "requested: pause")
    _ = model.update(.world([.events([RunEvent(time: model.now, .paused)])]))
    #expect(model.status == "paused: no job is started")
    press(&model, .down)
    _ = model.update(.world([.events([RunEvent(time: model.now, .continued)])]))
    #expect(model.status == nil, "somebody else has continued it")
  }

  @Test func `no message has the internal name of an action that has a key`() throws {
    var model = try model()
    for pane in Pane.built {
      model.choose(pane)
      for binding in model.keys.all where !binding.keys.isEmpty {
        #expect(!model.keyName(binding.action).hasPrefix(":") || binding.keys == [.character(":")])
      }
    }
  }

  @Test func `hints of the graph are true`() throws {
    var model = try model(160, 40)
    press(&model, .character("1"))
    #expect(model.draw().lines.last?.contains("A all processes") == true)
    press(&model, .character("A"))
    #expect(model.draw().lines.last?.contains("A stages") == true)
    press(&model, .character("o"))
    let hints = try #require(model.draw().lines.last)
    #expect(hints.contains("o farther") && hints.contains("O nearer"))
  }

  @Test func `a click on a hint does what it says`() throws {
    var model = try model()
    let last = try #require(model.draw().lines.last)
    let place = try #require(last.firstRange(of: "? help")).lowerBound
    let column = last.distance(from: last.startIndex, to: place)
    _ = model.update(.input(.click(Point(column: column + 2, row: 35))))
    #expect(model.overlay == .help)
    press(&model, .escape)
    _ = model.update(.input(.click(Point(column: 119, row: 35))))
    #expect(model.overlay == nil)
  }

  @Test func `a setting of the screen changes at once and is kept`() throws {
    var model = try model()
    func type(_ text: String) -> [Effect] {
      press(&model, .character(":"))
      for character in text { press(&model, .character(character)) }
      return press(&model, .enter)
    }
    #expect(type("set theme light") == [.world(.keep(settings: ["theme = \"light\""]))])
    #expect(model.theme.name == .light)
    let effects = type("set columns.tasks name state")
    #expect(
      effects == [
        .world(.keep(settings: ["columns.tasks = [\"name\", \"state\"]", "theme = \"light\""]))
      ])
    #expect(model.columns(of: .tasks) == ["name", "state"])
    #expect(type("set columns.tasks nonsense").isEmpty)
    #expect(model.status?.contains("unknown column nonsense") == true)
    #expect(type("set on-finish reboot").isEmpty, "no setting that runs a command")
    press(&model, .character("2"), .character("|"))
    #expect(model.prompt?.field.text == "set columns.tasks name state")
  }

  @Test func `kept settings that no longer exist are ignored`() {
    var preferences = Preferences()
    preferences.restore(["theme"], .text("light"))
    preferences.restore(["theme"], .text("gone"))
    preferences.restore(["columns", "tasks"], .list(["gone"]))
    preferences.restore(["on-finish"], .text("reboot"))
    preferences.restore(["columns", "tasks"], .list(["name"]))
    #expect(preferences.theme == .light && preferences.onFinish == nil)
    #expect(preferences.savedLines == ["columns.tasks = [\"name\"]", "theme = \"light\""])
  }

  @Test(arguments: [(80, 24), (120, 36)], [false, true])
  func `without colours the focus shows in the lines of the border`(
    size: (Int, Int), ascii: Bool
  ) throws {
    var story = try Scenes.midway()
    var model = try Scenes.model(&story, size.0, size.1, ascii: ascii)
    model.choose(theme: .mono)
    let name = "mono-\(size.0)x\(size.1)\(ascii ? "-ascii" : "")"
    try ExpectedScreen.expect(model.draw(), name, styles: true)
  }
}
