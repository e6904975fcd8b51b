import Testing

@testable import TUI

struct KeyTableTests {
  @Test(arguments: [60, 80, 100, 120], [Pane.timeline, .workers, .events, .runs])
  func `the hints have the pane's own keys, and none is cut`(columns: Int, pane: Pane) throws {
    var model = try TriageScene.model(columns, 24)
    model.choose(pane)
    let line = HintView.line(model, columns: columns - 2)
    #expect(line.width <= columns - 2)
    let own = model.keys.local[pane]?.filter {
      $0.hint != nil && model.objection(to: $0.action) == nil
    }
    if columns >= 80, let hint = own?.first?.hint { #expect(line.text.contains(hint)) }
    #expect(line.text.contains("? help"))
  }

  @Test(arguments: [60, 80])
  func `a question's keys are shown on narrow screens, too`(columns: Int) throws {
    var model = try TriageScene.model(columns, 24)
    for question in [Question.leave, .stop, .close, .drain(worker: "node-a/1")] {
      model.overlay = .question(question)
      let line = HintView.line(model, columns: columns - 2)
      #expect(line.width <= columns - 2)
      #expect(line.text.contains("?"))
      #expect(line.text.contains("Esc"))
    }
    try model.select("mProject:7")
    model.overlay = nil
    model.press(.character("e"))
    let line = HintView.line(model, columns: columns - 2)
    #expect(line.width <= columns - 2)
    #expect(line.text.contains("Tab next field"))
  }

  @Test(arguments: [60, 80, 100, 120, 200], Pane.built)
  func `no note of a title is cut`(columns: Int, pane: Pane) throws {
    var model = try TriageScene.model(columns, 24)
    model.choose(pane)
    #expect(!model.draw().lines.contains { $0.hasPrefix("╭") && $0.contains("… ╮") })
  }

  private let table = KeyTable.standard

  @Test func `no key has two meanings in one table`() {
    for bindings in [table.global] + Array(table.local.values) {
      let keys = bindings.flatMap(\.keys)
      #expect(Set(keys).count == keys.count)
      let actions = bindings.map(\.action)
      #expect(Set(actions).count == actions.count)
    }
  }

  @Test func `every action of the shell has a key`() {
    let actions = Set(table.global.map(\.action))
    for move in Action.Move.allCases { #expect(actions.contains(.move(move))) }
    for action in ShellAction.allCases { #expect(actions.contains(.shell(action))) }
    for action in TaskAction.allCases { #expect(actions.contains(.task(action))) }
  }

  @Test func `common keys mean the same in every pane`() {
    let known: [(Key, Action)] = [
      (.character("k"), .move(.up)), (.character("j"), .move(.down)),
      (.character("g"), .move(.first)), (.character("G"), .move(.last)),
      (.character("?"), .shell(.help)), (.character("q"), .shell(.quit)),
      (.escape, .shell(.back)), (.enter, .shell(.open)), (.tab, .shell(.nextPane)),
      (.control("l"), .shell(.redraw)), (.control("z"), .shell(.suspend)),
    ]
    for pane in Pane.built {
      for (key, action) in known {
        let meaning = table.action(for: key, in: pane)
        // Following a log is going to its end.
        let isSame = meaning == .log(.follow) || meaning == .events(.follow)
        #expect(meaning == action || isSame && action == .move(.last))
      }
    }
  }

  @Test func `a pane's own key takes precedence and is listed once`() {
    let own = KeyBinding(.log(.follow), .view, [.character("r")], "follow")
    let table = KeyTable(global: GlobalKeys.bindings, local: [.log: [own]])
    #expect(table.action(for: .character("r"), in: .log) == .log(.follow))
    #expect(table.action(for: .character("r"), in: .tasks) == .task(.retry))
    let keys = table.bindings(in: .log).flatMap(\.keys)
    #expect(Set(keys).count == keys.count)
    #expect(!table.bindings(in: .log).contains { $0.action == .task(.retry) })
  }

  @Test func `each existing pane has its number, and no other has a key`() {
    for pane in Pane.allCases {
      let number = Key.character(Character("\(pane.rawValue)"))
      let action = table.action(for: number, in: .graph)
      #expect(action == (pane.content == nil ? nil : .show(pane)))
    }
  }

  @Test func `names of actions are unique`() {
    let names = table.all.map(\.action.name)
    #expect(Set(names).count == names.count)
  }
}
