import Testing

@testable import TUI

/// The arrangement as drawings: h header, g graph, t tasks, l log, d detail, k hints.
struct LayoutTests {
  private static let letters: [Pane: Unicode.Scalar] = [
    .graph: "g", .tasks: "t", .log: "l", .detail: "d",
  ]

  private func drawing(_ columns: Int, _ rows: Int, _ arrangement: Arrangement = Arrangement())
    -> [String]
  {
    let layout = Layout(size: Size(columns: columns, rows: rows), arrangement)
    var buffer = CellBuffer(Size(columns: columns, rows: rows))
    buffer.fill(layout.header, with: "h")
    for (pane, area) in layout.panes { buffer.fill(area, with: Self.letters[pane] ?? "?") }
    buffer.fill(layout.hints, with: "k")
    // Every tenth column is enough to show it.
    return buffer.lines.map { line in
      String(line.enumerated().filter { $0.offset % 10 == 5 }.map(\.element))
    }
  }

  private func rows(_ rows: (String, Int)...) -> [String] {
    rows.flatMap { Array(repeating: $0.0, count: $0.1) }
  }

  @Test func `from 100 columns left and upper are side by side, lower below both`() {
    #expect(
      drawing(120, 36)
        == rows(
          ("hhhhhhhhhhhh", 2), ("gggggttttttt", 14), ("llllllllllll", 19), ("kkkkkkkkkkkk", 1)))
  }

  @Test func `left and upper take the rows that they need, up to 3 of 5`() {
    var needs = Layout.Needs()
    needs.left = Size(columns: 44, rows: 40)
    let layout = Layout(size: Size(columns: 120, rows: 36), Arrangement(), needs)
    #expect(layout.panes[.graph]?.rows == 19)
    needs.left = Size(columns: 20, rows: 3)
    let small = Layout(size: Size(columns: 120, rows: 36), Arrangement(), needs)
    #expect(small.panes[.graph]?.rows == 10)
    #expect(small.panes[.graph]?.columns == 30, "a narrow graph gives its columns away")
  }

  @Test func `from 200 columns upper and lower are beside left`() {
    let layout = Layout(size: Size(columns: 220, rows: 55), Arrangement())
    #expect(layout.panes[.graph]?.columns == 50)
    #expect(layout.panes[.graph]?.rows == 14, "as many as it needs")
    #expect(layout.panes[.detail]?.rows == 38)
    #expect(layout.panes[.tasks]?.columns == 170)
    #expect(layout.panes[.log]?.columns == 170)
    #expect(layout.panes[.log]?.endRow == 54)
  }

  @Test func `under 100 columns the upper pane is over the lower one`() {
    #expect(
      drawing(80, 24)
        == rows(("hhhhhhhh", 2), ("tttttttt", 9), ("llllllll", 12), ("kkkkkkkk", 1)))
    var needs = Layout.Needs()
    needs.upperRows = 400
    #expect(
      Layout(size: Size(columns: 80, rows: 24), Arrangement(), needs).panes[.tasks]?.rows == 10)
    needs.upperRows = 1
    #expect(
      Layout(size: Size(columns: 80, rows: 24), Arrangement(), needs).panes[.tasks]?.rows == 5)
    #expect(drawing(80, 24, Arrangement(focus: .graph))[10] == "gggggggg")
    #expect(drawing(60, 16)[10] == "tttttt", "one pane, where two would be too small")
  }

  @Test func `40 columns have a task list`() {
    #expect(drawing(59, 30)[5] == "tttttt")
    #expect(drawing(59, 30)[20] == "llllll")
    #expect(drawing(40, 8) == rows(("hhhh", 1), ("tttt", 6), ("kkkk", 1)))
  }

  @Test func `an opened pane lies over two columns, and between the right ones`() {
    let opened = Arrangement(focus: .detail, opened: .detail)
    #expect(
      drawing(120, 20, opened)
        == rows(("hhhhhhhhhhhh", 2), ("dddddddddddd", 17), ("kkkkkkkkkkkk", 1)))
    let wide = Layout(size: Size(columns: 220, rows: 55), opened).panes
    #expect(wide[.graph]?.rows == 52)
    #expect(wide[.tasks]?.endRow == wide[.detail]?.row)
    #expect(wide[.detail]?.endRow == wide[.log]?.row)
    #expect(drawing(220, 20, opened)[8] == "dddddddddddddddddddddd")
  }

  @Test func `below an open pane the lower one is shown and can have the focus`() {
    let stacked = rows(
      ("hhhhhhhhhhhh", 2), ("dddddddddddd", 17), ("llllllllllll", 12), ("kkkkkkkkkkkk", 1))
    #expect(drawing(120, 32, Arrangement(focus: .detail, opened: .detail)) == stacked)
    #expect(drawing(120, 32, Arrangement(focus: .log, opened: .detail)) == stacked)
    let full = Arrangement(focus: .detail, opened: .detail, isFull: true)
    #expect(drawing(120, 32, full)[25] == "dddddddddddd")
    #expect(drawing(120, 26, Arrangement(focus: .detail, opened: .detail))[20] == "dddddddddddd")
  }

  @Test func `borders can be dragged`() {
    var arrangement = Arrangement(focus: .detail, opened: .detail)
    let layout = Layout(size: Size(columns: 120, rows: 32), arrangement)
    #expect(layout.divider(at: Point(column: 40, row: 18)) == .opened)
    layout.move(.opened, to: Point(column: 40, row: 10), in: &arrangement.shares)
    #expect(drawing(120, 32, arrangement)[10] == "dddddddddddd")
    #expect(drawing(120, 32, arrangement)[11] == "llllllllllll")
    for columns in [80, 120, 220] {
      var plain = Arrangement()
      let layout = Layout(size: Size(columns: columns, rows: 40), plain)
      let edge = (layout.panes[.log]?.row ?? 0) - 1
      #expect(layout.divider(at: Point(column: columns - 10, row: edge)) == .upper)
      layout.move(.upper, to: Point(column: columns - 10, row: 29), in: &plain.shares)
      let moved = Layout(size: Size(columns: columns, rows: 40), plain)
      #expect(moved.panes[.log]?.row == 30)
    }
  }

  @Test func `an open pane without the focus does not cover others`() {
    let behind = Arrangement(focus: .tasks, opened: .detail)
    #expect(drawing(120, 20, behind) == drawing(120, 20))
    #expect(drawing(220, 42, behind)[20].hasSuffix("d"))
  }

  @Test func `panes are where the user placed them`() {
    let slots = Arrangement.Slots(left: .log, upper: .graph, lower: .tasks)
    #expect(drawing(120, 36, Arrangement(slots: slots))[3] == "lllllggggggg")
    #expect(drawing(120, 36, Arrangement(slots: slots))[30] == "tttttttttttt")
  }

  @Test func `full panes are alone`() {
    #expect(drawing(80, 24, Arrangement(focus: .log, isFull: true))[5] == "llllllll")
    #expect(drawing(120, 24, Arrangement(focus: .graph, isFull: true))[5] == "gggggggggggg")
    #expect(drawing(220, 50, Arrangement(focus: .graph, isFull: true))[5].allSatisfy { $0 == "g" })
  }

  @Test func `very small screens have one line and a hint`() {
    #expect(drawing(50, 4) == ["hhhhh", "", "", "kkkkk"])
    #expect(drawing(39, 30)[0] == "hhhh")
    #expect(drawing(50, 1) == ["hhhhh"])
  }

  @Test func `every size is covered without overlap`() {
    for columns in stride(from: 1, through: 400, by: 7) {
      for rows in stride(from: 1, through: 120, by: 5) {
        for opened in [nil, Pane.detail] {
          for isFull in [false, true] {
            let arrangement = Arrangement(
              focus: opened ?? .graph, opened: opened, isFull: isFull)
            check(Size(columns: columns, rows: rows), arrangement)
          }
        }
      }
    }
  }

  private func check(_ size: Size, _ arrangement: Arrangement) {
    let layout = Layout(size: size, arrangement)
    guard layout.kind != .oneLine else { return }
    #expect(layout.panes[arrangement.focus] != nil)
    let areas = [layout.header, layout.hints] + layout.panes.values
    #expect(areas.reduce(0) { $0 + $1.columns * $1.rows } == size.columns * size.rows)
    #expect(areas.allSatisfy { $0.endColumn <= size.columns && $0.endRow <= size.rows })
    #expect(areas.allSatisfy { $0.rows > 0 && $0.columns > 0 })
  }
}
