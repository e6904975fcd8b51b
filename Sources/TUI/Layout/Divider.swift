/// A border between panes that can be dragged.
enum Divider: Equatable, Sendable {
  case left, upper, opened
}

extension Layout {
  /// The border at a position: the adjacent sides of two panes.
  func divider(at point: Point) -> Divider? {
    guard body.contains(point) else { return nil }
    let left = leftEdge
    let isOnLeft = point.column == left || point.column == left - 1
    switch kind {
    case .oneLine, .onePane: return nil
    case .split: return rowEdges.contains { point.row == $0 - 1 } ? .upper : nil
    case .stacked: return rowEdges.contains { point.row == $0 - 1 } ? .opened : nil
    case .twoColumns:
      let edge = rowEdges.min() ?? body.endRow
      if point.row == edge - 1 { return .upper }
      return isOnLeft && point.row < edge ? .left : nil
    case .wide:
      if isOnLeft { return .left }
      guard point.column > left, let edge = rowEdges.firstIndex(where: { point.row == $0 - 1 })
      else { return nil }
      return edge == 0 ? .upper : .opened
    }
  }

  /// Moves a border to the pointer.
  func move(_ divider: Divider, to point: Point, in shares: inout Arrangement.Shares) {
    func share(_ part: Int, _ whole: Int) -> Int {
      min(max(0, part), whole) * 1000 / max(1, whole)
    }
    switch divider {
    case .left:
      let share = share(point.column - body.column, body.columns)
      if kind == .twoColumns { shares.left = share } else { shares.leftOfThree = share }
    case .upper: shares.upper = share(point.row + 1 - body.row, body.rows)
    case .opened: shares.opened = share(point.row + 1 - body.row, body.rows)
    }
  }

  /// The column at which the second column of panes begins.
  private var leftEdge: Int {
    panes.values.map(\.column).filter { $0 > body.column }.min() ?? body.endColumn
  }

  /// Where panes begin below others, from the top; on the right if the left pane is as high.
  private var rowEdges: [Int] {
    panes.values.filter { kind != .wide || $0.column > body.column }.map(\.row)
      .filter { $0 > body.row }.sorted()
  }
}
