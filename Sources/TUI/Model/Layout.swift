/// Where everything is: a pure function of the size.
///
/// | size | arrangement |
/// |---|---|
/// | under 60 × 16 | one line |
/// | under 100 columns | one pane with tabs |
/// | from 100 columns | graph on the left; tasks above the log on the right |
struct Layout: Equatable {
  enum Kind: Equatable { case oneLine, onePane, threePanes }

  let kind: Kind
  /// State and figures; two rows.
  let header: Rectangle
  /// The panes that are shown, borders included.
  let panes: [Pane: Rectangle]
  /// Keys, questions and what there is to say; the last row.
  let hints: Rectangle
  /// Everything between header and hints.
  let body: Rectangle

  init(size: Size, focus: Pane, isFull: Bool) {
    let (columns, rows) = (size.columns, size.rows)
    if columns < 60 || rows < 16 {
      kind = .oneLine
      header = Rectangle(column: 0, row: 0, columns: columns, rows: 1)
      panes = [:]
      body = Rectangle(column: 0, row: 0, columns: 0, rows: 0)
      hints = Rectangle(column: 0, row: max(1, rows - 1), columns: columns, rows: rows > 1 ? 1 : 0)
      return
    }
    header = Rectangle(column: 0, row: 0, columns: columns, rows: 2)
    hints = Rectangle(column: 0, row: rows - 1, columns: columns, rows: 1)
    body = Rectangle(column: 0, row: 2, columns: columns, rows: rows - 3)
    let showsOne = columns < 100 || isFull
    kind = showsOne ? .onePane : .threePanes
    panes = showsOne ? [focus: body] : Self.split(body)
  }

  private static func split(_ body: Rectangle) -> [Pane: Rectangle] {
    let left = min(max(46, body.columns * 5 / 12), 72)
    let right = body.columns - left
    let above = body.rows * 9 / 20
    return [
      .graph: Rectangle(column: body.column, row: body.row, columns: left, rows: body.rows),
      .tasks: Rectangle(column: left, row: body.row, columns: right, rows: above),
      .log: Rectangle(
        column: left, row: body.row + above, columns: right, rows: body.rows - above),
    ]
  }

  /// The pane at a place.
  func pane(at point: Point) -> Pane? {
    panes.first { $0.value.contains(point) }?.key
  }

  /// Rows that a pane's list has.
  func height(_ pane: Pane) -> Int {
    let rows = (panes[pane] ?? body).inset().rows
    return max(1, rows)
  }
}
