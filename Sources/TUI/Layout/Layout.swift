/// The position of everything: a pure function of the size and the arrangement.
///
/// | size | arrangement |
/// |---|---|
/// | under 60 × 16 | one line |
/// | under 100 columns | one pane with tabs |
/// | from 100 columns | left, and beside it upper over lower; an open pane covers them |
/// | the same, from 27 rows | an open pane covers left and upper; the lower one is below it |
/// | from 200 columns | left, upper and lower side by side; an open pane below the latter two |
struct Layout: Equatable {
  enum Kind: Equatable { case oneLine, onePane, stacked, twoColumns, threeColumns }

  let size: Size
  let kind: Kind
  /// State and figures; two rows.
  let header: Rectangle
  /// The panes that are shown, borders included.
  let panes: [Pane: Rectangle]
  /// Keys, questions and messages; the last row.
  let hints: Rectangle
  /// Everything between header and hints.
  let body: Rectangle

  init(size: Size, _ arrangement: Arrangement) {
    let (columns, rows) = (size.columns, size.rows)
    self.size = size
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
    kind = Self.kind(body, arrangement)
    panes =
      switch kind {
      case .oneLine, .onePane: [arrangement.focus: body]
      case .stacked: Self.stacked(body, arrangement)
      case .twoColumns: Self.twoColumns(body, arrangement)
      case .threeColumns: Self.threeColumns(body, arrangement)
      }
  }

  private static func kind(_ body: Rectangle, _ arrangement: Arrangement) -> Kind {
    if body.columns < 100 || arrangement.isFull { return .onePane }
    if body.columns >= 200, arrangement.opened == nil || body.rows >= 24 { return .threeColumns }
    guard let opened = arrangement.opened else { return .twoColumns }
    let hasBoth = body.rows >= 24
    if hasBoth, [opened, arrangement.slots.lower].contains(arrangement.focus) { return .stacked }
    return arrangement.focus == opened ? .onePane : .twoColumns
  }

  /// The open pane, and the lower pane below it.
  private static func stacked(_ body: Rectangle, _ arrangement: Arrangement) -> [Pane: Rectangle] {
    let (above, below) = body.split(
      rows: height(arrangement.shares.opened, of: body.rows, else: body.rows * 3 / 5))
    return [arrangement.opened ?? arrangement.focus: above, arrangement.slots.lower: below]
  }

  private static func twoColumns(_ body: Rectangle, _ arrangement: Arrangement)
    -> [Pane: Rectangle]
  {
    let (slots, shares) = (arrangement.slots, arrangement.shares)
    let wide = min(max(46, body.columns * 5 / 12), 72)
    let (left, right) = body.split(columns: width(shares.left, of: body.columns, else: wide))
    let (upper, lower) = right.split(
      rows: height(shares.upper, of: body.rows, else: body.rows * 9 / 20))
    return [slots.left: left, slots.upper: upper, slots.lower: lower]
  }

  private static func threeColumns(_ body: Rectangle, _ arrangement: Arrangement)
    -> [Pane: Rectangle]
  {
    let (slots, shares) = (arrangement.slots, arrangement.shares)
    let (left, rest) = body.split(
      columns: width(shares.leftOfThree, of: body.columns, else: min(body.columns * 3 / 11, 72)))
    var panes = [slots.left: left]
    var above = rest
    if let opened = arrangement.opened {
      (above, panes[opened]) = rest.split(
        rows: height(shares.above, of: body.rows, else: body.rows / 2))
    }
    (panes[slots.upper], panes[slots.lower]) = above.split(
      columns: width(shares.middle, of: above.columns, else: above.columns / 2))
    return panes
  }

  /// The least size of a pane after dragging.
  private static let least = Size(columns: 24, rows: 4)

  private static func width(_ share: Int?, of columns: Int, else standard: Int) -> Int {
    part(share, of: columns, least: least.columns) ?? standard
  }

  private static func height(_ share: Int?, of rows: Int, else standard: Int) -> Int {
    part(share, of: rows, least: least.rows) ?? standard
  }

  private static func part(_ share: Int?, of whole: Int, least: Int) -> Int? {
    guard let share, whole >= 2 * least else { return nil }
    return min(max(least, (whole * share + 500) / 1000), whole - least)
  }

  /// The pane at a place.
  func pane(at point: Point) -> Pane? {
    panes.first { $0.value.contains(point) }?.key
  }

  /// The number of rows in a pane's list.
  func height(_ pane: Pane) -> Int {
    let rows = (panes[pane] ?? body).inset().rows
    return max(1, rows)
  }
}

extension Rectangle {
  /// Splits off the left columns.
  func split(columns left: Int) -> (Rectangle, Rectangle) {
    (
      Rectangle(column: column, row: row, columns: left, rows: rows),
      Rectangle(column: column + left, row: row, columns: columns - left, rows: rows)
    )
  }

  /// Splits off the upper rows.
  func split(rows above: Int) -> (Rectangle, Rectangle) {
    (
      Rectangle(column: column, row: row, columns: columns, rows: above),
      Rectangle(column: column, row: row + above, columns: columns, rows: rows - above)
    )
  }
}
