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
  func `the drawing`(size: (Int, Int), ascii: Bool) throws {
    let name = "graph-drawing-\(size.0)x\(size.1)\(ascii ? "-ascii" : "")"
    try ExpectedScreen.expect(
      screen("f", size.0, size.1, ascii: ascii), name, styles: size.0 == 80)
  }

  @Test func `the legend is whole where the drawing is scrolled sideways`() throws {
    let shown = try screen("fE", 80, 24, workflow: Workflows.mosaic(24))
    let border = try #require(shown.lines.last { $0.hasPrefix("╰") })
    #expect(border.hasPrefix("╰─ ━ critical path "))
    #expect(border.dropFirst(19).contains("━━"))
  }

  @Test(arguments: sizes, [false, true])
  func `the rails`(size: (Int, Int), ascii: Bool) throws {
    let name = "graph-rails-\(size.0)x\(size.1)\(ascii ? "-ascii" : "")"
    try ExpectedScreen.expect(
      screen("v\nv", size.0, size.1, ascii: ascii), name, styles: size.0 == 80)
  }

  @Test(arguments: [false, true])
  func `every process`(ascii: Bool) throws {
    let name = "graph-processes\(ascii ? "-ascii" : "")"
    try ExpectedScreen.expect(screen("Ef", 120, 36, ascii: ascii), name)
  }

  @Test(arguments: [false, true])
  func `choices, joins, loops and control signals`(ascii: Bool) throws {
    let suffix = ascii ? "-ascii" : ""
    let workflow = GraphPaneTests.branches
    try ExpectedScreen.expect(
      screen("f", 100, 44, ascii: ascii, workflow: workflow), "graph-branches\(suffix)")
    try ExpectedScreen.expect(
      screen("", 80, 24, ascii: ascii, workflow: workflow), "graph-branch-rails\(suffix)")
  }

  @Test func `what is near the cursor`() throws {
    try ExpectedScreen.expect(screen("vvof", 80, 24), "graph-near")
  }
}
