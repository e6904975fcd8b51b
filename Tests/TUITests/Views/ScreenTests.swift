import Testing

@testable import TUI

/// Whole screens against `Screens/*.txt`; see ``ExpectedScreen`` for how to change one.
struct ScreenTests {
  private func screen(
    _ columns: Int, _ rows: Int, ascii: Bool = false, _ keys: Key...
  ) throws -> CellBuffer {
    var story = try Scenes.midway()
    var model = try Scenes.model(&story, columns, rows, ascii: ascii)
    for key in keys { _ = model.update(.input(.key(key))) }
    return model.draw()
  }

  private static let sizes = [(60, 16), (80, 24), (120, 36), (200, 60)]

  @Test(arguments: sizes, [false, true])
  func `the first screen looks as expected`(size: (Int, Int), ascii: Bool) throws {
    let name = "first-\(size.0)x\(size.1)\(ascii ? "-ascii" : "")"
    try ExpectedScreen.expect(
      screen(size.0, size.1, ascii: ascii), name, styles: size.0 == 80)
  }

  @Test(arguments: ["graph": "1", "tasks": "2"])
  func `each pane looks as expected`(pane: String, key: Character) throws {
    try ExpectedScreen.expect(screen(80, 24, .character(key)), "\(pane)-80x24")
  }

  @Test(arguments: sizes, [false, true])
  func `the log looks as expected`(size: (Int, Int), ascii: Bool) throws {
    let name = "log-\(size.0)x\(size.1)\(ascii ? "-ascii" : "")"
    try ExpectedScreen.expect(screen(size.0, size.1, ascii: ascii, .character("3")), name)
  }

  @Test func `smaller screens have one line`() throws {
    try ExpectedScreen.expect(screen(59, 5), "one-line-59x5")
  }

  @Test func `the detail of a waiting task says what it waits for`() throws {
    let keys = [Key.down, .down, .down, .down, .enter]
    var story = try Scenes.midway()
    var model = try Scenes.model(&story, 80, 24)
    for key in keys { _ = model.update(.input(.key(key))) }
    try ExpectedScreen.expect(model.draw(), "detail-waiting-80x24")
  }

  @Test func `the detail of a failed task lists its attempts`() throws {
    try ExpectedScreen.expect(screen(120, 20, .enter), "detail-failed-120x20")
  }

  @Test func `a very wide screen shows the detail below the other panes`() throws {
    try ExpectedScreen.expect(screen(220, 40, .enter), "detail-220x40")
  }

  @Test(arguments: sizes, [false, true])
  func `the help is made from the key table`(size: (Int, Int), ascii: Bool) throws {
    let name = "help-\(size.0)x\(size.1)\(ascii ? "-ascii" : "")"
    try ExpectedScreen.expect(screen(size.0, size.1, ascii: ascii, .character("?")), name)
  }
}
