/// The position of everything: a pure function of the size, the arrangement and what the panes
/// need.
///
/// | size | arrangement |
/// |---|---|
/// | under 40 × 8 | one line |
/// | under 100 columns | upper over lower; any other pane alone |
/// | the same, under 19 rows | one pane |
/// | from 100 columns | left and upper side by side, lower below both |
/// | from 200 columns | left, and beside it upper over lower |
///
/// An open pane covers left and upper, and from 27 rows lower stays below it; on the widest
/// screens from 39 rows, it is between upper and lower. There, the detail has the rows that left
/// does not need.
struct Layout: Equatable {
  enum Kind: Equatable { case oneLine, onePane, split, stacked, twoColumns, wide }

  /// The size that the content of panes needs.
  struct Needs: Equatable {
    /// The rows of the upper pane's list.
    var upperRows = 7
    /// The left pane's size without its border. If there is less room, half of the rows are enough.
    var left = Size(columns: 44, rows: 12)
    /// The most rows that an open pane above the lower one takes.
    var openedRows = Int.max
  }

  let size: Size
  let kind: Kind
  /// State and figures: two rows, one on small screens.
  let header: Rectangle
  /// The panes that are shown, borders included.
  let panes: [Pane: Rectangle]
  /// Keys, questions and messages; the last row.
  let hints: Rectangle
  /// Everything between header and hints.
  let body: Rectangle

  init(size: Size, _ arrangement: Arrangement, _ needs: Needs = Needs()) {
    let (columns, rows) = (size.columns, size.rows)
    self.size = size
    if columns < 40 || rows < 8 {
      kind = .oneLine
      header = Rectangle(column: 0, row: 0, columns: columns, rows: 1)
      panes = [:]
      body = Rectangle(column: 0, row: 0, columns: columns, rows: max(0, rows - 1))
      hints = Rectangle(column: 0, row: max(1, rows - 1), columns: columns, rows: rows > 1 ? 1 : 0)
      return
    }
    let above = rows < 14 ? 1 : 2
    header = Rectangle(column: 0, row: 0, columns: columns, rows: above)
    hints = Rectangle(column: 0, row: rows - 1, columns: columns, rows: 1)
    body = Rectangle(column: 0, row: above, columns: columns, rows: rows - above - 1)
    kind = Self.kind(body, arrangement)
    panes =
      switch kind {
      case .oneLine, .onePane: [arrangement.focus: body]
      case .split: Self.split(body, arrangement, needs)
      case .stacked: Self.stacked(body, arrangement, needs)
      case .twoColumns: Self.twoColumns(body, arrangement, needs)
      case .wide: Self.wide(body, arrangement, needs)
      }
  }

  private static func kind(_ body: Rectangle, _ arrangement: Arrangement) -> Kind {
    let (slots, focus) = (arrangement.slots, arrangement.focus)
    if arrangement.isFull { return .onePane }
    if body.columns < 100 {
      return body.rows >= 16 && [slots.upper, slots.lower].contains(focus) ? .split : .onePane
    }
    if body.columns >= 200, arrangement.opened == nil || body.rows >= 36 { return .wide }
    guard let opened = arrangement.opened else { return .twoColumns }
    if body.rows >= 24, [opened, slots.lower].contains(focus) { return .stacked }
    return focus == opened ? .onePane : .twoColumns
  }

  /// The upper pane with the rows that it needs, up to 8 or a third; the lower one below it.
  private static func split(
    _ body: Rectangle, _ arrangement: Arrangement, _ needs: Needs
  ) -> [Pane: Rectangle] {
    let preferred = min(max(needs.upperRows, 3), max(8, body.rows / 3)) + 2
    let (above, below) = body.split(
      rows: height(arrangement.shares.upper, of: body.rows, else: min(preferred, body.rows - 6)))
    return [arrangement.slots.upper: above, arrangement.slots.lower: below]
  }

  /// The open pane, and the lower pane below it.
  private static func stacked(
    _ body: Rectangle, _ arrangement: Arrangement, _ needs: Needs
  ) -> [Pane: Rectangle] {
    let standard = min(body.rows * 3 / 5, needs.openedRows)
    let (above, below) = body.split(
      rows: height(arrangement.shares.opened, of: body.rows, else: standard))
    return [arrangement.opened ?? arrangement.focus: above, arrangement.slots.lower: below]
  }

  /// Left and upper get the rows that they need, up to 3 of 5; the lower pane gets the rest.
  private static func twoColumns(
    _ body: Rectangle, _ arrangement: Arrangement, _ needs: Needs
  ) -> [Pane: Rectangle] {
    let (slots, shares) = (arrangement.slots, arrangement.shares)
    let maximum = body.rows * 3 / 5
    let left = needs.left.rows + 2 <= maximum ? needs.left.rows : (needs.left.rows + 1) / 2
    let preferred = max(left, min(needs.upperRows + 1, body.rows / 2 - 2)) + 2
    let standard = min(max(preferred, body.rows / 4), maximum)
    let (top, lower) = body.split(rows: height(shares.upper, of: body.rows, else: standard))
    let wide = min(max(30, needs.left.columns + 2), min(body.columns * 5 / 12, 72))
    let (side, upper) = top.split(columns: width(shares.left, of: body.columns, else: wide))
    return [slots.left: side, slots.upper: upper, slots.lower: lower]
  }

  /// The left pane gets the columns that it needs.
  private static func wide(
    _ body: Rectangle, _ arrangement: Arrangement, _ needs: Needs
  ) -> [Pane: Rectangle] {
    let (slots, shares) = (arrangement.slots, arrangement.shares)
    let wide = min(max(50, needs.left.columns + 2), body.columns * 3 / 11, 72)
    let (left, right) = body.split(
      columns: width(shares.leftOfThree, of: body.columns, else: wide))
    let maximum = body.rows * (arrangement.opened == nil ? 11 : 6) / 20
    let preferred = min(max(needs.upperRows + 3, 8), maximum)
    let (upper, rest) = right.split(rows: height(shares.upper, of: body.rows, else: preferred))
    guard let opened = arrangement.opened else {
      var panes = [slots.left: left, slots.upper: upper, slots.lower: rest]
      let leftRows = needs.left.rows + 2
      if body.rows - leftRows >= leastDetail {
        (panes[slots.left], panes[.detail]) = left.split(rows: leftRows)
      }
      return panes
    }
    let end = part(shares.opened, of: body.rows, minimum: minimum.rows) ?? body.rows * 13 / 20
    let rows = min(max(minimum.rows, end - upper.rows), rest.rows - minimum.rows)
    let (middle, lower) = rest.split(rows: rows)
    return [slots.left: left, slots.upper: upper, opened: middle, slots.lower: lower]
  }

  /// The least rows for the detail below the left pane.
  private static let leastDetail = 18

  /// The least size of a pane after dragging.
  private static let minimum = Size(columns: 24, rows: 4)

  private static func width(_ share: Int?, of columns: Int, else standard: Int) -> Int {
    part(share, of: columns, minimum: minimum.columns) ?? standard
  }

  private static func height(_ share: Int?, of rows: Int, else standard: Int) -> Int {
    part(share, of: rows, minimum: minimum.rows) ?? standard
  }

  private static func part(_ share: Int?, of whole: Int, minimum: Int) -> Int? {
    guard let share, whole >= 2 * minimum else { return nil }
    return min(max(minimum, (whole * share + 500) / 1000), whole - minimum)
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

  /// The pane in the upper right corner: its border has the tabs.
  var corner: Pane? {
    panes.min { ($0.value.row, -$0.value.column) < ($1.value.row, -$1.value.column) }?.key
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
