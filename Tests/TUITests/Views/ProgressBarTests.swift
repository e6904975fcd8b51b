import Testing

@testable import TUI

struct ProgressBarTests {
  @Test(arguments: [
    ([0, 0, 0], 10, 20, [0, 0, 0]), ([10, 0, 0], 10, 20, [20, 0, 0]),
    ([1, 1, 1], 1000, 20, [1, 1, 1]),
    ([999, 0, 0], 1000, 20, [19, 0, 0]), ([998, 1, 1], 1000, 20, [18, 1, 1]),
    ([5, 0, 5], 10, 1, [0, 0, 1]), ([0, 0, 0], 0, 20, [0, 0, 0]), ([3, 3, 3], 9, 20, [8, 6, 6]),
  ])
  func `parts are proportional, and every part is visible`(
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
