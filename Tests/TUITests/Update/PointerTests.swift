import Engine
import Testing

@testable import TUI

struct PointerTests {
  private func model(_ columns: Int = 120, _ rows: Int = 32) throws -> Model {
    var story = try Scenes.midway()
    return try Scenes.model(&story, columns, rows)
  }

  private func drag(_ model: inout Model, from start: (Int, Int), to end: (Int, Int)) {
    _ = model.update(.input(.click(Point(column: start.0, row: start.1))))
    for step in 1...4 {
      let column = start.0 + (end.0 - start.0) * step / 4
      let row = start.1 + (end.1 - start.1) * step / 4
      _ = model.update(.input(.drag(Point(column: column, row: row))))
    }
    _ = model.update(.input(.release(Point(column: end.0, row: end.1))))
  }

  @Test func `a border between columns can be dragged`() throws {
    var model = try model()
    #expect(model.layout.panes[.graph]?.columns == 41)
    drag(&model, from: (40, 10), to: (70, 10))
    #expect(model.layout.panes[.graph]?.columns == 70)
    #expect(model.layout.panes[.tasks]?.column == 70)
    drag(&model, from: (70, 10), to: (2, 10))
    #expect(model.layout.panes[.graph]?.columns == 24, "a pane stays large enough to be found")
    _ = model.update(.input(.drag(Point(column: 90, row: 10))))
    #expect(model.layout.panes[.graph]?.columns == 24, "nothing is dragged without a press")
  }

  @Test func `a border between rows can be dragged`() throws {
    var model = try model()
    let bottom = try #require(model.layout.panes[.tasks]?.endRow) - 1
    drag(&model, from: (80, bottom), to: (80, 20))
    #expect(model.layout.panes[.tasks]?.endRow == 21)
    #expect(model.layout.panes[.log]?.row == 21)
  }

  @Test func `a wide screen and an opened pane have borders of their own`() throws {
    var model = try model(220, 44)
    _ = model.update(.input(.key(.enter)))
    let tasks = try #require(model.layout.panes[.tasks])
    drag(&model, from: (tasks.column + 5, tasks.endRow - 1), to: (tasks.column + 5, 12))
    #expect(model.layout.panes[.detail]?.row == 13)
    drag(&model, from: (tasks.column, 30), to: (80, 30))
    #expect(model.layout.panes[.graph]?.columns == 80)
    model.arrangement.opened = nil
    _ = model.update(.resized(Size(columns: 120, rows: 40)))
    #expect(model.layout.panes[.graph]?.columns == 41, "each arrangement has its own borders")
  }

  @Test func `a double click opens, two slow clicks do not`() throws {
    var model = try model()
    let click = Message.input(.click(Point(column: 60, row: 4)))
    _ = model.update(click)
    model.setTime(model.now + 1000)
    _ = model.update(click)
    #expect(model.focus == .tasks)
    model.setTime(model.now + 100)
    _ = model.update(click)
    #expect(model.focus == .detail)
  }

  @Test(arguments: [(80, 24), (120, 32), (200, 55)])
  func `every pane is a tab in the top border, and a click opens it`(
    columns: Int, rows: Int
  ) throws {
    for pane in Pane.built {
      var model = try model(columns, rows)
      if model.layout.panes[pane] != nil { continue }
      let line = model.draw().lines[2]
      let place = (0..<columns).first {
        TabsView.pane(model, at: Point(column: $0, row: 2)) == pane
      }
      let column = try #require(place, "\(pane) is not in \(line)")
      #expect(Array(line)[column] == Character("\(pane.rawValue)"), "\(line)")
      _ = model.update(.input(.click(Point(column: column, row: 2))))
      #expect(model.focus == pane)
    }
  }

  @Test func `the wheel scrolls what is under the pointer and keeps the message`() throws {
    var model = try model()
    model.showMessage("heard")
    _ = model.update(.input(.wheel(Point(column: 60, row: 4), rows: 3)))
    #expect(model.status == "heard")
    #expect(model.selected.map(model.run.label) != "mProject:2")
  }
}
