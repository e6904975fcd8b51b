import Engine
import JobProtocol
import Testing
import Workflow

@testable import TUI

/// The menu of what can be done with the item under the cursor.
struct ActionMenuTests {
  private func model(
    _ columns: Int = 120, _ rows: Int = 36, ascii: Bool = false, _ keys: Key...
  ) throws -> Model {
    var story = try Scenes.midway()
    var model = try Scenes.model(&story, columns, rows, ascii: ascii)
    model.recordShownTarget()
    for key in keys { _ = press(&model, key) }
    return model
  }

  @discardableResult
  private func press(_ model: inout Model, _ keys: Key...) -> [Effect] {
    let effects = keys.flatMap { model.update(.input(.key($0))) }
    model.recordShownTarget()
    return effects
  }

  private func menu(_ model: Model) -> [ActionMenu.Item] {
    guard case .menu(let menu) = model.overlay else { return [] }
    return model.items(of: menu)
  }

  @Test(arguments: [(60, 16), (80, 24), (120, 36), (200, 60)], [false, true])
  func `the menu of a failed task`(size: (Int, Int), ascii: Bool) throws {
    let name = "menu-\(size.0)x\(size.1)\(ascii ? "-ascii" : "")"
    try ExpectedScreen.expect(
      model(size.0, size.1, ascii: ascii, .character(".")).draw(), name, styles: size.0 == 80)
  }

  @Test func `every line of it is a line of the key table`() throws {
    for key in "123456789" {
      let model = try model(120, 36, .character(key), .character("."))
      let bindings = model.keys.bindings(in: model.focus)
      for item in menu(model) {
        let binding = try #require(bindings.first { $0.action == item.action })
        #expect(binding.keys.first?.name == item.key)
        #expect(item.objection == model.objection(to: item.action))
      }
    }
  }

  @Test func `Enter does the chosen action and closes it`() throws {
    var model = try model(120, 36, .character("."))
    let retry = try #require(menu(model).firstIndex { $0.action == .task(.retry) })
    #expect(menu(model)[retry].objection == nil)
    #expect(press(&model, .character("g")).isEmpty, "only the cursor moves")
    for _ in 0..<retry { press(&model, .down) }
    let task = try #require(model.selected)
    let done = press(&model, .enter)
    #expect(done == [.world(.control(.retry([task.reference], .alone)))])
    #expect(model.overlay == nil)
  }

  @Test func `a key of the menu does its action at once`() throws {
    var model = try model(120, 36, .character("."))
    let task = try #require(model.selected)
    let effects = press(&model, .character("r"))
    #expect(effects == [.world(.control(.retry([task.reference], .alone)))])
    #expect(model.overlay == nil)
  }

  @Test func `what is not possible says why and leaves the menu open`() throws {
    var model = try model(120, 36, .character("."))
    let effects = press(&model, .character("C"))
    #expect(effects.isEmpty && model.overlay != nil)
    #expect(model.status == "the run is still running: `stop` ends it")
  }

  @Test(arguments: [Key.escape, .character("."), .character("q"), .control("c")])
  func `it is closed without doing anything`(key: Key) throws {
    var model = try model(120, 36, .character("."))
    #expect(press(&model, key).isEmpty && model.overlay == nil)
  }

  @Test func `a click on a line does its action`() throws {
    var model = try model(80, 24, .character("."))
    let row = try #require(model.draw().lines.firstIndex { $0.contains("stop the run") })
    _ = model.update(.input(.click(Point(column: 10, row: row))))
    #expect(model.overlay == .question(.stop))
    press(&model, .escape, .character("."))
    _ = model.update(.input(.click(Point(column: 10, row: 0))))
    #expect(model.overlay == nil)
  }

  @Test func `a form or menu that a small screen cannot show does not act`() throws {
    var model = try model(80, 24, .character("."))
    _ = model.update(.resized(Size(columns: 30, rows: 5)))
    #expect(press(&model, .character("r")).isEmpty)
    #expect(model.status?.contains("needs 60x16") == true)
    press(&model, .escape)
    _ = model.update(.resized(Size(columns: 80, rows: 24)))
    model.recordShownTarget()
    press(&model, .character("e"))
    _ = model.update(.resized(Size(columns: 30, rows: 5)))
    #expect(press(&model, .enter).isEmpty)
    #expect(model.status?.contains("needs 60x16") == true)
  }

  @Test func `the menu of runs has no tasks' actions`() throws {
    var model = try model(120, 36, .character("7"))
    let entry = RunEntry(
      run: "zz99aaaa", shortID: "zz99", name: "other", workflowPath: "/w/workflow.json",
      startedAt: 0, condition: .interrupted, counts: nil, host: "node-a", canBeShown: true)
    _ = model.update(.world([.runs([entry])]))
    model.recordShownTarget()
    press(&model, .character("."))
    let actions = menu(model).map(\.action)
    #expect(actions.contains(.shell(.open)) && !actions.contains(.task(.retry)))
  }
}
