import Testing

@testable import TUI

/// The help has a line of each key, whole.
struct HelpTests {
  @Test(arguments: [60, 80, 100, 120, 200], [Pane.tasks, .log, .graph, .timeline])
  func `nothing in it is cut`(columns: Int, pane: Pane) throws {
    var model = try TriageScene.model(columns, 30)
    model.choose(pane)
    let lines = HelpView.lines(model, columns: columns)
    #expect(lines.allSatisfy { $0.width <= columns - 4 })
    #expect(!lines.contains { $0.text.contains("…") })
    let words = Set(lines.flatMap { $0.text.split(separator: " ") })
    for binding in model.keys.bindings(in: pane) {
      let said = binding.help + " " + (model.objection(to: binding.action) ?? "")
      for word in said.split(separator: " ") { #expect(words.contains(word), "\(said)") }
    }
  }

  @Test(arguments: [(60, 16), (100, 30)])
  func `its end can be reached, and the last row says how`(columns: Int, rows: Int) throws {
    var model = try TriageScene.model(columns, rows)
    model.press(.character("?"))
    #expect(model.draw().lines.last?.contains("PgDn scroll") == true)
    model.press(.character("G"))
    let last = try #require(HelpView.lines(model, columns: columns).last).text
    let words = last.split(separator: " ").map(String.init)
    for word in words { #expect(model.draw().text.contains(word)) }
  }
}
