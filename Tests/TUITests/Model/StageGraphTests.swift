import Testing

@testable import TUI

/// The rails as drawings; stages are letters.
struct StageGraphTests {
  private func drawing(_ children: [[Int]], compact: Bool = false) -> [String] {
    let graph = StageGraph(children: children)
    return (compact ? graph.compact : graph.wide).map { row in
      var text = ""
      for lane in row.lanes {
        switch lane {
        case .empty: text += "  "
        case .stage: text += String(UnicodeScalar(UInt8(65 + (row.stage ?? 0)))) + " "
        case .line(let joint):
          text += GraphView.glyph(joint, Theme()) + (joint.contains(.right) ? "─" : " ")
        }
      }
      return text.trimmedEnd
    }
  }

  @Test func `a chain is one lane`() {
    #expect(drawing([[1], [2], []]) == ["A", "│", "B", "│", "C"])
    #expect(drawing([[1], [2], []], compact: true) == ["A", "B", "C"])
  }

  @Test func `a diamond parts and meets`() {
    #expect(drawing([[1, 2], [3], [3], []]) == ["A", "├─╮", "B │", "│ │", "│ C", "├─╯", "D"])
  }

  @Test func `a long edge runs beside the stages it passes`() {
    #expect(
      drawing([[1, 3], [2], [3], []], compact: true) == ["A", "├─╮", "B │", "C │", "├─╯", "D"])
  }

  @Test func `two sources meet in one stage`() {
    #expect(drawing([[2], [2], []]) == ["A", "│", "│ B", "├─╯", "C"])
  }

  @Test func `stages without edges stand alone`() {
    #expect(drawing([[], [], []]) == ["A", "B", "C"])
  }

  @Test func `three children open three lanes`() {
    #expect(
      drawing([[1, 2, 3], [4], [4], [4], []], compact: true)
        == ["A", "├─┬─╮", "B │ │", "│ C │", "├─╯ │", "│   D", "├───╯", "E"])
  }

  @Test func `edges back and edges to itself are not drawn`() {
    #expect(drawing([[0, 1], [0, 1]]) == ["A", "│", "B"])
  }

  @Test func `every stage has its row and every lane ends`() {
    var random = Seeded(seed: 5)
    for _ in 0..<200 {
      let count = Int(random.next() % 12) + 1
      let children = (0..<count).map { _ in
        (0..<Int(random.next() % 4)).map { _ in Int(random.next() % UInt64(count)) }
      }
      let graph = StageGraph(children: children)
      for rows in [graph.wide, graph.compact] {
        #expect(rows.compactMap(\.stage) == Array(0..<count))
        let last = rows.last?.lanes ?? []
        #expect(last.filter { $0 != .empty } == [.stage], "\(children)")
        for row in rows {
          #expect(row.lanes.filter { $0 == .stage }.count == (row.stage == nil ? 0 : 1))
        }
      }
    }
  }

  @Test func `thousands of stages do without lanes`() {
    let graph = StageGraph(children: (0..<5000).map { [$0 + 1, 4999] })
    #expect(graph.laneCount == 1)
    #expect(graph.compact.count == 5000)
  }
}
