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
    // Every tenth column is enough to see it.
    return buffer.lines.map { line in
      String(line.enumerated().filter { $0.offset % 10 == 5 }.map(\.element))
    }
  }

  private func rows(_ rows: (String, Int)...) -> [String] {
    rows.flatMap { Array(repeating: $0.0, count: $0.1) }
  }

  @Test func `from 100 columns there are two columns`() {
    #expect(
      drawing(120, 16)
        == rows(
          ("hhhhhhhhhhhh", 2), ("gggggttttttt", 5), ("ggggglllllll", 8), ("kkkkkkkkkkkk", 1)))
  }

  @Test func `from 200 columns there are three`() {
    let all = "ggggggttttttttllllllll"
    #expect(
      drawing(220, 16)
        == rows(
          ("hhhhhhhhhhhhhhhhhhhhhh", 2), (all, 13), ("kkkkkkkkkkkkkkkkkkkkkk", 1)))
  }

  @Test func `an opened pane lies over two columns and under three`() {
    let opened = Arrangement(focus: .detail, opened: .detail)
    #expect(
      drawing(120, 20, opened)
        == rows(("hhhhhhhhhhhh", 2), ("dddddddddddd", 17), ("kkkkkkkkkkkk", 1)))
    #expect(
      drawing(220, 32, opened)
        == rows(
          ("hhhhhhhhhhhhhhhhhhhhhh", 2), ("ggggggttttttttllllllll", 14),
          ("ggggggdddddddddddddddd", 15), ("kkkkkkkkkkkkkkkkkkkkkk", 1)))
    #expect(drawing(220, 20, opened)[8] == "dddddddddddddddddddddd")
  }

  @Test func `below an opened pane the lower one shows where there is room, and may have the keys`()
  {
    let stacked = rows(
      ("hhhhhhhhhhhh", 2), ("dddddddddddd", 17), ("llllllllllll", 12), ("kkkkkkkkkkkk", 1))
    #expect(drawing(120, 32, Arrangement(focus: .detail, opened: .detail)) == stacked)
    #expect(drawing(120, 32, Arrangement(focus: .log, opened: .detail)) == stacked)
    let full = Arrangement(focus: .detail, opened: .detail, isFull: true)
    #expect(drawing(120, 32, full)[25] == "dddddddddddd")
    #expect(drawing(120, 26, Arrangement(focus: .detail, opened: .detail))[20] == "dddddddddddd")
  }

  @Test func `the border of an opened pane can be dragged`() {
    var arrangement = Arrangement(focus: .detail, opened: .detail)
    let layout = Layout(size: Size(columns: 120, rows: 32), arrangement)
    #expect(layout.divider(at: Point(column: 40, row: 18)) == .opened)
    layout.move(.opened, to: Point(column: 40, row: 10), in: &arrangement.shares)
    #expect(drawing(120, 32, arrangement)[10] == "dddddddddddd")
    #expect(drawing(120, 32, arrangement)[11] == "llllllllllll")
  }

  @Test func `an opened pane that has no longer the focus makes room again`() {
    let behind = Arrangement(focus: .tasks, opened: .detail)
    #expect(drawing(120, 20, behind) == drawing(120, 20))
    #expect(drawing(220, 32, behind)[20] == "ggggggdddddddddddddddd")
  }

  @Test func `panes sit where a person put them`() {
    let slots = Arrangement.Slots(left: .log, upper: .graph, lower: .tasks)
    #expect(drawing(120, 16, Arrangement(slots: slots))[3] == "lllllggggggg")
    #expect(drawing(120, 16, Arrangement(slots: slots))[12] == "lllllttttttt")
  }

  @Test func `narrow screens and full panes show one`() {
    #expect(
      drawing(80, 24, Arrangement(focus: .log))
        == rows(("hhhhhhhh", 2), ("llllllll", 21), ("kkkkkkkk", 1)))
    #expect(drawing(120, 24, Arrangement(focus: .graph, isFull: true))[5] == "gggggggggggg")
    #expect(drawing(220, 50, Arrangement(focus: .graph, isFull: true))[5].allSatisfy { $0 == "g" })
  }

  @Test func `very small screens have one line and a hint`() {
    #expect(drawing(50, 4) == ["hhhhh", "", "", "kkkkk"])
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
