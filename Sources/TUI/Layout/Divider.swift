/// A border between panes that can be dragged.
enum Divider: Equatable, Sendable {
  case left, upper, middle, above, opened
}

extension Layout {
  /// The border at a position: the adjacent sides of two panes.
  func divider(at point: Point) -> Divider? {
    guard body.contains(point) else { return nil }
    switch kind {
    case .oneLine, .onePane: return nil
    case .stacked: return rowEdges.contains { point.row == $0 - 1 } ? .opened : nil
    case .twoColumns, .threeColumns: break
    }
    let left = leftEdge
    if point.column == left || point.column == left - 1 { return .left }
    guard point.column > left else { return nil }
    let rows = rowEdges
    if rows.contains(where: { point.row == $0 - 1 }) {
      return kind == .twoColumns ? .upper : .above
    }
    guard kind == .threeColumns, point.row < (rows.first ?? body.endRow) else { return nil }
    let edge = middleEdge
    return point.column == edge || point.column == edge - 1 ? .middle : nil
  }

  /// Moves a border to the pointer.
  func move(_ divider: Divider, to point: Point, in shares: inout Arrangement.Shares) {
    let (left, right) = (leftEdge, body.endColumn - leftEdge)
    func share(_ part: Int, _ whole: Int) -> Int {
      min(max(0, part), whole) * 1000 / max(1, whole)
    }
    switch divider {
    case .left:
      let share = share(point.column - body.column, body.columns)
      if kind == .twoColumns { shares.left = share } else { shares.leftOfThree = share }
    case .upper: shares.upper = share(point.row + 1 - body.row, body.rows)
    case .opened: shares.opened = share(point.row + 1 - body.row, body.rows)
    case .above: shares.above = share(point.row + 1 - body.row, body.rows)
    case .middle: shares.middle = share(point.column - left, right)
    }
  }

  /// The column at which the second column of panes begins.
  private var leftEdge: Int {
    panes.values.map(\.column).filter { $0 > body.column }.min() ?? body.endColumn
  }

  private var middleEdge: Int { panes.values.map(\.column).max() ?? body.endColumn }

  /// Where panes begin below others.
  private var rowEdges: [Int] { panes.values.map(\.row).filter { $0 > body.row } }
}
