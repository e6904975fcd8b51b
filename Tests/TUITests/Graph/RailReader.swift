@testable import TUI

/// Reads rails back from their characters by the rules that ``Rails`` states, for graphs without
/// backward edges.
struct RailReader {
  private(set) var edges: Set<[Int]> = []

  /// A lane that is being read: its sources and its targets.
  private struct Lane {
    var givers: [Int] = []
    var getters: [Int] = []
  }

  private let ascii: Bool
  /// By column; `nil` is free.
  private var lanes: [Int: Lane] = [:]
  private var above: (column: Int, node: Int)?

  init(_ rails: Rails, ascii: Bool) {
    self.ascii = ascii
    for (row, item) in rails.items.enumerated() {
      guard case .node(let node) = item else { continue }
      let cells = rails.lanes(row)
      let text = Array(
        Rails.text(cells, bundle: rails.bundle, glyph: "@", ascii: ascii)
          .padded(to: 2 * rails.laneCount + 1))
      let next = row + 1 < rails.items.count ? rails.lanes(row + 1) : []
      let below = Array(
        Rails.text(next, bundle: rails.bundle, glyph: "@", ascii: ascii)
          .padded(to: 2 * rails.laneCount + 1))
      read(node, text, below)
    }
    for column in lanes.keys { end(column) }
  }

  private mutating func read(_ node: Int, _ text: [Character], _ below: [Character]) {
    guard let place = text.firstIndex(of: "@") else { return }
    let column = (place - 1) / 2
    let touched = touchedColumns(text, column)
    var got: [Int] = []
    for lane in touched {
      let (isFromAbove, goesDown) = arms(text, below, lane)
      let isArrow = lane > column ? text[2 * lane] : text[2 * lane + 2]
      let turnsLeft = isArrow == "◂" || isArrow == "<"
      if !isFromAbove {
        lanes[lane] = Lane(givers: [node])
      } else if !goesDown || (lane < column) != turnsLeft {
        lanes[lane]?.getters.append(node)
        got.append(lane)
      } else {
        lanes[lane]?.givers.append(node)
      }
      if !goesDown { end(lane) }
    }
    let isSeparate = isLoose(text, place)
    if lanes[column] != nil {
      lanes[column]?.getters.append(node)
      end(column)
    } else if let above, above.column == column, got.isEmpty, !isSeparate {
      edges.insert([above.node, node])
    }
    if leadsUp(below, 2 * column + 1), below[2 * column + 1] != "@" {
      lanes[column] = Lane(givers: [node])
    }
    self.above = (column, node)
  }

  /// Whether a node has the mark that it stands apart; in ASCII that is a line from nowhere.
  private func isLoose(_ text: [Character], _ place: Int) -> Bool {
    guard ascii else { return text[place - 1] == "╶" }
    return text[place - 1] == "-" && (place < 2 || " |".contains(text[place - 2]))
      && (place < 3 || text[place - 3] == " ")
  }

  /// The lanes that the row's line touches.
  private func touchedColumns(_ text: [Character], _ column: Int) -> [Int] {
    var touched: [Int] = []
    for step in [-1, 1] {
      var place = 2 * column + 1 + step
      while text.indices.contains(place), "─-◂<".contains(text[place]) {
        place += step
        guard text.indices.contains(place) else { break }
        let isCrossing = "│|─-".contains(text[place])
        if !isCrossing { touched.append((place - 1) / 2) }
        place += step
      }
    }
    return touched.filter { text[2 * $0 + 1] != " " }
  }

  private func arms(_ text: [Character], _ below: [Character], _ lane: Int) -> (Bool, Bool) {
    switch text[2 * lane + 1] {
    case "├", "┤", "┼": (true, true)
    case "╰", "╯", "┴": (true, false)
    case "╭", "╮", "┬": (false, true)
    default: (lanes[lane] != nil, leadsUp(below, 2 * lane + 1))
    }
  }

  /// Whether a lane continues into a column of the row below. In ASCII a `+` may begin there, and a
  /// node may stand apart: the known state of the lane decides.
  private func leadsUp(_ below: [Character], _ place: Int) -> Bool {
    guard below.indices.contains(place) else { return false }
    switch below[place] {
    case "│", "├", "┤", "┼", "╰", "╯", "┴", "|", "+": return true
    case "@": return ascii && lanes[(place - 1) / 2] != nil && !isLoose(below, place)
    default: return false
    }
  }

  private mutating func end(_ column: Int) {
    guard let lane = lanes.removeValue(forKey: column) else { return }
    for giver in lane.givers { for getter in lane.getters { edges.insert([giver, getter]) } }
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: Swift.max(0, width - count))
  }
}
