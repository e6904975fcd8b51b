import Engine
import Testing

@testable import TUI

/// What the keys and the mouse do to the timeline.
struct TimelineKeyTests {
  private func model(_ columns: Int = 120, _ rows: Int = 20) throws -> Model {
    var model = try Scenes.busy().model(columns, rows)
    press(&model, .character("T"))
    return model
  }

  private func press(_ model: inout Model, _ keys: Key...) {
    for key in keys { _ = model.update(.input(.key(key))) }
  }

  @Test func `zooming in shows less time, zooming out more, up to everything`() throws {
    var model = try model()
    let whole = model.timelineScale.perColumn
    press(&model, .character("+"))
    let closer = model.timelineScale.perColumn
    #expect(closer < whole)
    press(&model, .character("+"))
    #expect(model.timelineScale.perColumn < closer)
    for _ in 0..<4 { press(&model, .character("-")) }
    #expect(model.timeline.zoom == nil && model.timelineScale.perColumn == whole)
  }

  @Test func `the range can be moved, and follows the time at the end`() throws {
    var model = try model()
    press(&model, .character("<"))
    #expect(model.status == "the whole run is shown: + zooms in")
    press(&model, .character("+"), .character("+"), .character("<"), .character("<"))
    let origin = model.timelineScale.origin
    #expect(!model.timeline.isFollowing)
    _ = model.update(.clock(model.now + 5000))
    #expect(model.timelineScale.origin == origin)
    press(&model, .character("<"), .character("<"), .character("<"))
    #expect(model.timelineScale.origin == model.timelineStart)
    for _ in 0..<8 { press(&model, .character(">")) }
    #expect(model.timeline.isFollowing)
    let before = model.timelineScale.origin
    _ = model.update(.clock(model.now + 5000))
    #expect(model.timelineScale.origin > before)
    press(&model, .character("<"), .character("n"))
    #expect(model.timeline.isFollowing)
  }

  @Test func `the cursor moves between bars and slots`() throws {
    var model = try model()
    press(&model, .right)
    let first = try #require(model.timeline.chosenBar)
    #expect(first == model.timeline.data.lanes[0].bars.last)
    press(&model, .left)
    let before = try #require(model.timeline.chosenBar)
    #expect(before.start < first.start)
    press(&model, .down)
    let below = try #require(model.timeline.chosenBar)
    #expect(below.start <= before.start && (below.end ?? .max) > before.start)
    press(&model, .escape)
    #expect(model.timeline.chosen == nil && model.focus == .timeline)
  }

  @Test func `selecting a bar makes it visible`() throws {
    var model = try model()
    for _ in 0..<4 { press(&model, .character("+")) }
    press(&model, .right)
    for _ in 0..<3 { press(&model, .left) }
    let bar = try #require(model.timeline.chosenBar)
    let scale = model.timelineScale
    #expect((scale.origin..<scale.end).contains(bar.start))
  }

  @Test func `Enter opens the task of the bar, and keys act on it`() throws {
    var model = try model()
    press(&model, .enter)
    #expect(model.status == "no bar selected: Left or Right selects one")
    press(&model, .right, .left)
    let bar = try #require(model.timeline.chosenBar)
    #expect(model.subjects == [bar.attempt.firing])
    press(&model, .enter)
    #expect(model.focus == .detail && model.selected == bar.attempt.firing)
  }

  @Test func `a click selects the bar under it`() throws {
    var model = try model()
    let area = try #require(model.layout.panes[.timeline]).inset(padding: 1)
    let lane = model.timeline.data.lanes[2]
    let plan = model.timelinePlan
    let scale = model.timelineScale
    let column = scale.column(of: lane.bars[1].start) + 2
    let point = Point(
      column: area.column + TimelineView.labelColumns(model) + column,
      row: area.row + plan.slotRows + 2 * plan.barRows)
    _ = model.update(.input(.click(point)))
    #expect(model.timeline.window.cursor == 2)
    #expect(model.timeline.chosen == lane.bars[1].attempt)
    _ = model.update(.input(.wheel(point, rows: -3)))
    #expect(model.timeline.window.cursor == 0)
  }

  @Test func `stages have heights, and Enter shows their tasks`() throws {
    var model = try model()
    press(&model, .character("b"), .down, .enter)
    #expect(model.focus == .tasks && model.tasks.stage == 1)
  }

  @Test func `the log follows the chosen bar, also while it has the focus`() throws {
    var model = try model(120, 36)
    press(&model, .right, .left, .left)
    let bar = try #require(model.timeline.chosenBar)
    #expect(model.log.attempt == bar.attempt)
    press(&model, .left)
    let other = try #require(model.timeline.chosenBar)
    #expect(other.attempt != bar.attempt && model.log.attempt == other.attempt)
    press(&model, .character("3"))
    #expect(model.focus == .log && model.log.attempt == other.attempt)
  }
}
