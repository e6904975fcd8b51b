@testable import TUI

/// Reads a drawing as its viewer does: follows lines, straight over crossings.
struct DrawingReader {
  /// For each set of connected lines, the boxes that they touch.
  private(set) var components: [Set<Int>] = []

  private let rows: [[Character]]

  private struct Step: Hashable {
    let row: Int
    let column: Int
    /// Whether this is the lower of two lines that cross.
    let isBeneath: Bool
  }

  init(_ rows: [[Character]]) {
    self.rows = rows
    var seen: Set<Step> = []
    for row in rows.indices {
      for column in rows[row].indices where !joint(row, column).isEmpty {
        let start = Step(row: row, column: column, isBeneath: false)
        if seen.insert(start).inserted { components.append(follow(start, &seen)) }
      }
    }
  }

  private func follow(_ start: Step, _ seen: inout Set<Step>) -> Set<Int> {
    var boxes: Set<Int> = []
    var open = [start]
    while let step = open.popLast() {
      let joint: Joint = step.isBeneath ? .horizontal : joint(step.row, step.column)
      for (side, down, right) in Self.sides where joint.contains(side) {
        let (row, column) = (step.row + down, step.column + right)
        guard rows.indices.contains(row), rows[row].indices.contains(column) else { continue }
        if let box = Self.node(atPort: rows[row][column]) {
          boxes.insert(box)
          continue
        }
        let there = self.joint(row, column)
        let isBeneath = right != 0 && !there.isEmpty && there.isDisjoint(with: .horizontal)
        let next = Step(row: row, column: column, isBeneath: isBeneath)
        if !there.isEmpty, seen.insert(next).inserted { open.append(next) }
      }
    }
    return boxes
  }

  private static let sides: [(Joint, Int, Int)] = [
    (.up, -1, 0), (.down, 1, 0), (.left, 0, -1), (.right, 0, 1),
  ]

  /// The sides to which a character leads. In ASCII `+` says less: it leads to where the cell
  /// beside leads back, including lines that cross others.
  private func joint(_ row: Int, _ column: Int) -> Joint {
    guard rows.indices.contains(row), rows[row].indices.contains(column) else { return [] }
    switch rows[row][column] {
    case "│", "|", "╎", ":": return .vertical
    case "─", "-", "╌", ".": return .horizontal
    case "╭": return [.down, .right]
    case "╮": return [.down, .left]
    case "╰": return [.up, .right]
    case "╯": return [.up, .left]
    case "├": return [.vertical, .right]
    case "┤": return [.vertical, .left]
    case "┬": return [.horizontal, .down]
    case "┴": return [.horizontal, .up]
    case "┼": return [.vertical, .horizontal]
    case "+": return plus(row, column)
    default: return []
    }
  }

  private func plus(_ row: Int, _ column: Int) -> Joint {
    var joint: Joint = []
    for (side, down, right) in Self.sides {
      var (row, column) = (row + down, column + right)
      // A line that crosses another hides it.
      while right != 0, "|:".contains(character(row, column)) { column += right }
      let there = character(row, column)
      let leadsBack = right == 0 ? "|:+" : "-.+"
      let isPort = right == 0 && Self.node(atPort: there) != nil
      if leadsBack.contains(there) || isPort { joint.insert(side) }
    }
    return joint
  }

  private func character(_ row: Int, _ column: Int) -> Character {
    guard rows.indices.contains(row), rows[row].indices.contains(column) else { return " " }
    return rows[row][column]
  }

  // MARK: Boxes

  private static let boxes: UInt32 = 0x4E00
  private static let portOffset: UInt32 = 0x1000

  static func box(_ node: Int) -> Character { character(boxes + UInt32(node)) }
  static func port(_ node: Int) -> Character { character(boxes + portOffset + UInt32(node)) }
  static func isBox(_ character: Character) -> Bool { character >= Self.character(boxes) }

  private static func character(_ value: UInt32) -> Character {
    Character(Unicode.Scalar(value) ?? "?")
  }

  private static func node(atPort character: Character) -> Int? {
    let value = character.unicodeScalars.first?.value ?? 0
    return value >= boxes + portOffset ? Int(value - boxes - portOffset) : nil
  }
}
