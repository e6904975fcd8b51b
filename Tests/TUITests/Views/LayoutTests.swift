import Testing

@testable import TUI

/// The arrangement as drawings: h header, g graph, t tasks, l log, k hints.
struct LayoutTests {
  private func drawing(_ columns: Int, _ rows: Int, focus: Pane = .tasks, isFull: Bool = false)
    -> [String]
  {
    let layout = Layout(
      size: Size(columns: columns, rows: rows), focus: focus, isFull: isFull)
    var buffer = CellBuffer(Size(columns: columns, rows: rows))
    buffer.fill(layout.header, with: "h")
    for (pane, area) in layout.panes {
      buffer.fill(area, with: pane == .graph ? "g" : pane == .tasks ? "t" : "l")
    }
    buffer.fill(layout.hints, with: "k")
    // Every tenth column is enough to see it.
    return buffer.lines.map { line in
      String(line.enumerated().filter { $0.offset % 10 == 5 }.map(\.element))
    }
  }

  @Test func `wide screens have three panes`() {
    #expect(
      drawing(120, 16) == ["hhhhhhhhhhhh", "hhhhhhhhhhhh"]
        + Array(repeating: "gggggttttttt", count: 5) + Array(repeating: "ggggglllllll", count: 8)
        + ["kkkkkkkkkkkk"])
  }

  @Test func `narrow screens and full panes show one`() {
    let one = ["hhhhhhhh", "hhhhhhhh"] + Array(repeating: "llllllll", count: 21) + ["kkkkkkkk"]
    #expect(drawing(80, 24, focus: .log) == one)
    #expect(drawing(120, 24, focus: .graph, isFull: true)[5] == "gggggggggggg")
  }

  @Test func `very small screens have one line and a hint`() {
    #expect(drawing(50, 4) == ["hhhhh", "", "", "kkkkk"])
    #expect(drawing(50, 1) == ["hhhhh"])
  }

  @Test func `every size is covered without overlap`() {
    for columns in stride(from: 1, through: 400, by: 7) {
      for rows in stride(from: 1, through: 120, by: 5) {
        for isFull in [false, true] {
          let size = Size(columns: columns, rows: rows)
          let layout = Layout(size: size, focus: .graph, isFull: isFull)
          guard layout.kind != .oneLine else { continue }
          let areas = [layout.header, layout.hints] + layout.panes.values
          #expect(areas.reduce(0) { $0 + $1.columns * $1.rows } == columns * rows)
          #expect(areas.allSatisfy { $0.endColumn <= columns && $0.endRow <= rows })
        }
      }
    }
  }
}

struct ProgressBarTests {
  @Test(arguments: [
    ([0, 0, 0], 10, 20, [0, 0, 0]), ([10, 0, 0], 10, 20, [20, 0, 0]),
    ([1, 1, 1], 1000, 20, [1, 1, 1]),
    ([999, 0, 0], 1000, 20, [19, 0, 0]), ([998, 1, 1], 1000, 20, [18, 1, 1]),
    ([5, 0, 5], 10, 1, [0, 0, 1]), ([0, 0, 0], 0, 20, [0, 0, 0]), ([3, 3, 3], 9, 20, [8, 6, 6]),
  ])
  func `parts are in proportion and whatever there is shows`(
    parts: [Int], total: Int, columns: Int, widths: [Int]
  ) {
    #expect(ProgressBar.widths(of: parts, total: total, columns: columns) == widths)
  }

  @Test func `a bar has its width`() {
    for done in 0...7 {
      for columns in 0...12 {
        let line = ProgressBar.line(
          done: done, active: 2, failed: 1, total: 10, columns: columns, theme: Theme())
        #expect(line.width == columns)
      }
    }
  }
}
