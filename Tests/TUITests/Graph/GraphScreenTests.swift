import JobProtocol
import Testing

@testable import TUI

/// The graph pane against `Screens/graph-*.txt`.
struct GraphScreenTests {
  private static let sizes = [(60, 16), (80, 24), (120, 36), (200, 60)]

  private func screen(
    _ keys: String, _ columns: Int, _ rows: Int, ascii: Bool = false, workflow: String? = nil
  ) throws -> CellBuffer {
    var model =
      if let workflow {
        try Story(workflow).model(columns, rows, ascii: ascii)
      } else {
        try GraphPaneTests.model(columns, rows, ascii: ascii)
      }
    for key in "1" + keys { _ = model.update(.input(.key(GraphPaneTests.key(key)))) }
    return model.draw()
  }

  @Test(arguments: sizes, [false, true])
  func `the drawing looks as expected`(size: (Int, Int), ascii: Bool) throws {
    let name = "graph-drawing-\(size.0)x\(size.1)\(ascii ? "-ascii" : "")"
    try ExpectedScreen.expect(
      screen("f", size.0, size.1, ascii: ascii), name, styles: size.0 == 80)
  }

  @Test func `the legend is complete when the drawing is scrolled sideways`() throws {
    let shown = try screen("fA", 80, 24, workflow: Workflows.mosaic(24))
    let border = try #require(shown.lines.last { $0.hasPrefix("╰") })
    #expect(border.hasPrefix("╰─ ━ critical path "))
    #expect(border.dropFirst(19).contains("━━"))
  }

  @Test(arguments: sizes, [false, true])
  func `the rails look as expected`(size: (Int, Int), ascii: Bool) throws {
    let name = "graph-rails-\(size.0)x\(size.1)\(ascii ? "-ascii" : "")"
    try ExpectedScreen.expect(
      screen("v\nv", size.0, size.1, ascii: ascii), name, styles: size.0 == 80)
  }

  @Test(arguments: [false, true])
  func `every process is shown`(ascii: Bool) throws {
    let name = "graph-processes\(ascii ? "-ascii" : "")"
    try ExpectedScreen.expect(screen("Af", 120, 36, ascii: ascii), name)
  }

  @Test(arguments: [false, true])
  func `choices, joins, loops and control signals are shown`(ascii: Bool) throws {
    let suffix = ascii ? "-ascii" : ""
    let workflow = GraphPaneTests.branches
    try ExpectedScreen.expect(
      screen("f", 100, 44, ascii: ascii, workflow: workflow), "graph-branches\(suffix)")
    try ExpectedScreen.expect(
      screen("", 80, 24, ascii: ascii, workflow: workflow), "graph-branch-rails\(suffix)")
  }

  @Test func `what is near the cursor, with the number of neighbours that are left out`() throws {
    try ExpectedScreen.expect(screen("vvof", 80, 24), "graph-near")
    try ExpectedScreen.expect(screen("vvo", 80, 24), "graph-near-rails")
  }

  @Test(arguments: [false, true])
  func `an open stage is one box with a cell for each process`(ascii: Bool) throws {
    let name = "graph-cells\(ascii ? "-ascii" : "")"
    try ExpectedScreen.expect(screen("v\nf", 100, 36, ascii: ascii), name)
  }

  @Test(arguments: [false, true])
  func `above forty processes it is a heat map`(ascii: Bool) throws {
    let story = try Scenes.busy(tiles: 300, ended: 340)
    var model = story.model(120, 44, ascii: ascii)
    for key in "1\nf" { _ = model.update(.input(.key(GraphPaneTests.key(key)))) }
    try ExpectedScreen.expect(model.draw(), "graph-heat\(ascii ? "-ascii" : "")", styles: true)
  }

  @Test(arguments: [120, 200])
  func `long names and the number of failures stay whole beside the bars`(columns: Int) throws {
    let names = ["align_reads_to_the_reference", "count_features", "x"]
    var story = try Story(Workflows.stages(names, of: 12))
    story.begin()
    for _ in 0..<3 { story.finish(try story.startNext(), .failed(.exit(1))) }
    var model = story.model(columns, 40)
    _ = model.update(.input(.key(.character("1"))))
    let shown = model.draw().text
    for name in names { #expect(shown.contains(name)) }
    #expect(model.draw().lines.contains { $0.contains(names[0]) && $0.contains("✘ 3") })
  }
}
