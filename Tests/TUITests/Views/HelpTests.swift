import Testing

@testable import TUI

/// The help has an uncut line for each key.
struct HelpTests {
  @Test(arguments: [60, 80, 100, 120, 200], [Pane.tasks, .log, .graph, .timeline])
  func `nothing in the help is cut`(columns: Int, pane: Pane) throws {
    var model = try TriageScene.model(columns, 30)
    model.choose(pane)
    let lines = HelpView.lines(model, columns: columns)
    #expect(lines.allSatisfy { $0.width <= columns - 4 })
    #expect(!lines.contains { $0.text.contains("…") })
    let words = Set(lines.flatMap { $0.text.split(separator: " ") })
    for binding in model.keys.bindings(in: pane) {
      let said = binding.help
      for word in said.split(separator: " ") { #expect(words.contains(word), "\(said)") }
    }
  }

  @Test(arguments: [Pane.tasks, .log, .graph, .timeline])
  func `it is three balanced columns, the pane's keys first`(pane: Pane) throws {
    var model = try TriageScene.model(120, 36)
    model.choose(pane)
    let lines = HelpView.lines(model, columns: 120)
    #expect(lines[0].text.hasPrefix(pane.name))
    let one = HelpView.lines(model, columns: 60).count
    #expect(lines.count < one / 2, "\(lines.count) of \(one)")
  }

  @Test(arguments: [
    ([5], 3, [0..<1]), ([2, 2, 2], 3, [0..<1, 1..<2, 2..<3]), ([4, 1, 1, 2], 2, [0..<1, 1..<4]),
    ([1, 1, 8], 2, [0..<2, 2..<3]), ([], 3, [0..<0]),
  ])
  func `blocks are split so that the highest column is low`(
    heights: [Int], count: Int, parts: [Range<Int>]
  ) {
    #expect(HelpView.balanced(heights, into: count) == parts)
  }

  @Test(arguments: [(60, 16), (100, 20)])
  func `the end of the help can be reached, and the last row says how`(columns: Int, rows: Int)
    throws
  {
    var model = try TriageScene.model(columns, rows)
    model.press(.character("?"))
    #expect(model.draw().lines.last?.contains("PgDn scroll") == true)
    model.press(.character("G"))
    let last = try #require(HelpView.lines(model, columns: columns).last).text
    let words = last.split(separator: " ").map(String.init)
    for word in words { #expect(model.draw().text.contains(word)) }
  }
}
