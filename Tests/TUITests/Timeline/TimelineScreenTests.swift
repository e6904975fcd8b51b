import Engine
import JobProtocol
import Testing
import Workflow

@testable import TUI

/// The timeline against `Screens/timeline-*.txt`.
struct TimelineScreenTests {
  private func model(
    _ columns: Int, _ rows: Int, ascii: Bool = false, _ keys: [Key] = []
  ) throws -> Model {
    let story = try Scenes.busy()
    var model = story.model(columns, rows, ascii: ascii)
    for key in [.character("T")] + keys { _ = model.update(.input(.key(key))) }
    return model
  }

  @Test(arguments: [(60, 16), (80, 24), (120, 36), (200, 60)], [false, true])
  func `the timeline by worker looks as expected`(size: (Int, Int), ascii: Bool) throws {
    let name = "timeline-\(size.0)x\(size.1)\(ascii ? "-ascii" : "")"
    try ExpectedScreen.expect(
      model(size.0, size.1, ascii: ascii).draw(), name, styles: size.0 == 80)
  }

  @Test(arguments: [false, true])
  func `the timeline by stage looks as expected`(ascii: Bool) throws {
    try ExpectedScreen.expect(
      model(120, 20, ascii: ascii, [.character("b"), .down]).draw(),
      "timeline-stages-120x20\(ascii ? "-ascii" : "")")
  }

  @Test func `the timeline zoomed in on a failed task looks as expected`() throws {
    let keys = [Key.character("+"), .character("+"), .down, .right, .left]
    try ExpectedScreen.expect(model(120, 20, ascii: false, keys).draw(), "timeline-zoom-120x20")
  }

  @Test(arguments: [false, true])
  func `a retry after minutes of nothing`(ascii: Bool) throws {
    var story = try Scenes.busy(tiles: 6, ended: 30)
    story.wait(milliseconds: 4 * 60_000)
    let state = story.state
    for process in story.workflow.processes {
      let task = FiringID(process.id, 1)
      if state.state(of: task).needsAttention { story.tell(.retry(task, nil, .alone)) }
    }
    while !story.ready.isEmpty {
      story.finish(try story.startNext(on: Scenes.nodes[0]), after: 900)
    }
    var model = story.model(120, 36, ascii: ascii)
    _ = model.update(.input(.key(.character("T"))))
    try ExpectedScreen.expect(model.draw(), "timeline-late-120x36\(ascii ? "-ascii" : "")")
  }

  @Test func `the timeline before the first start looks as expected`() throws {
    var model = try Story(Workflows.chain).model(80, 16)
    _ = model.update(.input(.key(.character("T"))))
    #expect(model.draw().text.contains("each job will be a bar in a slot of its worker"))
  }
}
