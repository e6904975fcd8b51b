/// A screen in memory: views write into it, the terminal paints the difference.
///
/// Everything written is clipped, and control characters are replaced, so no view can break the
/// terminal. Wide characters are never cut in halves. With `ascii`, other characters become
/// `?`; views use the theme's ASCII glyphs instead.
package struct CellBuffer: Hashable, Sendable {
  package let size: Size
  package let ascii: Bool
  private var cells: [Cell]
  /// In the order in which they were drawn. Later text may cover a link.
  private(set) var links: [CellLink] = []

  package init(_ size: Size, ascii: Bool = false) {
    self.size = Size(columns: max(0, size.columns), rows: max(0, size.rows))
    self.ascii = ascii
    cells = Array(repeating: .blank, count: self.size.columns * self.size.rows)
  }

  package var bounds: Rectangle {
    Rectangle(column: 0, row: 0, columns: size.columns, rows: size.rows)
  }

  /// The cell at a position; a blank outside the buffer.
  package subscript(column: Int, row: Int) -> Cell {
    guard bounds.contains(Point(column: column, row: row)) else { return .blank }
    return cells[row * size.columns + column]
  }

  /// Writes text at a point, at most `width` columns, and returns the number of columns
  /// written. A line feed is replaced like other control characters.
  @discardableResult
  package mutating func write(
    _ text: String, at point: Point, style: Style = .plain, width: Int = .max
  ) -> Int {
    let start = point.column
    let end = min(size.columns, width == .max ? size.columns : start + width)
    guard (0..<size.rows).contains(point.row) else { return 0 }
    var column = start
    for scalar in text.unicodeScalars {
      let shown = DisplayWidth.printable(scalar, ascii: ascii)
      switch DisplayWidth.of(shown) {
      case 0:
        combine(shown, at: Point(column: column - 1, row: point.row), from: start)
      case let wide:
        guard column + wide <= end else { return column - start }
        if column >= 0 {
          put(Cell(shown, style), at: Point(column: column, row: point.row), columns: wide)
        }
        column += wide
      }
    }
    return column - start
  }

  /// Fills a rectangle with one character of width one.
  package mutating func fill(
    _ area: Rectangle, with scalar: Unicode.Scalar = " ", style: Style = .plain
  ) {
    for row in max(0, area.row)..<max(0, min(area.endRow, size.rows), area.row) {
      for column in max(0, area.column)..<max(0, min(area.endColumn, size.columns), area.column) {
        put(Cell(scalar, style), at: Point(column: column, row: row), columns: 1)
      }
    }
  }

  /// Changes the styles in a rectangle. `change` also gets the character.
  package mutating func restyle(
    _ area: Rectangle, _ change: (inout Style, Unicode.Scalar?) -> Void
  ) {
    for row in area.row..<area.endRow where (0..<size.rows).contains(row) {
      for column in area.column..<area.endColumn where (0..<size.columns).contains(column) {
        let index = row * size.columns + column
        change(&cells[index].style, cells[index].base)
      }
    }
  }

  mutating func add(_ link: CellLink) { links.append(link) }

  private mutating func put(_ cell: Cell, at point: Point, columns: Int) {
    splitWide(at: point)
    if columns == 2 { splitWide(at: Point(column: point.column + 1, row: point.row)) }
    let index = point.row * size.columns + point.column
    cells[index] = cell
    if columns == 2 { cells[index + 1] = .continuation(cell.style) }
  }

  /// Replaces the other half of a wide character with a blank when one half is overwritten.
  private mutating func splitWide(at point: Point) {
    let index = point.row * size.columns + point.column
    if cells[index].isContinuation, point.column > 0 {
      cells[index - 1] = Cell(" ", cells[index - 1].style)
    }
    if point.column + 1 < size.columns, cells[index + 1].isContinuation {
      cells[index + 1] = Cell(" ", cells[index + 1].style)
    }
  }

  private mutating func combine(_ mark: Unicode.Scalar, at point: Point, from start: Int) {
    guard !DisplayWidth.isInvisible(mark) else { return }
    var column = point.column
    guard column >= max(0, start), column < size.columns else { return }
    if self[column, point.row].isContinuation { column -= 1 }
    cells[point.row * size.columns + column].combine(mark)
  }
}

/// A cell to paint.
package struct CellChange: Hashable, Sendable {
  package var at: Point
  package var cell: Cell
}

extension CellBuffer {
  /// The cells that differ from `old`, row by row; all cells if the sizes differ. A wide
  /// character is listed once, with its left half.
  package func changes(from old: CellBuffer?) -> [CellChange] {
    let old = old?.size == size ? old : nil
    var changes: [CellChange] = []
    for row in 0..<size.rows {
      for column in 0..<size.columns {
        let cell = self[column, row]
        guard !cell.isContinuation, mustPaint(column, row, over: old) else { continue }
        changes.append(CellChange(at: Point(column: column, row: row), cell: cell))
      }
    }
    return changes
  }

  private func mustPaint(_ column: Int, _ row: Int, over old: CellBuffer?) -> Bool {
    guard let old else { return true }
    if self[column, row] != old[column, row] { return true }
    // A wide character whose right half was overwritten, then restored.
    let next = column + 1
    return next < size.columns && self[next, row].isContinuation
      && self[next, row] != old[next, row]
  }
}

extension CellBuffer {
  /// Copies another buffer into this one, clipped to an area. A wide character that the edge
  /// of the area would cut is left out.
  package mutating func copy(_ other: CellBuffer, to corner: Point, within area: Rectangle) {
    for row in 0..<other.size.rows {
      for column in 0..<other.size.columns {
        let point = Point(column: corner.column + column, row: corner.row + row)
        let cell = other[column, row]
        guard area.contains(point), !cell.isContinuation else { continue }
        let isWide = column + 1 < other.size.columns && other[column + 1, row].isContinuation
        let next = Point(column: point.column + 1, row: point.row)
        if isWide, !area.contains(next) { continue }
        write(cell.text, at: point, style: cell.style)
      }
    }
  }
}

extension CellBuffer {
  /// The rows as text without trailing spaces, for tests.
  package var lines: [String] {
    (0..<size.rows).map { row in
      var line = ""
      for column in 0..<size.columns { line += self[column, row].text }
      while line.last == " " { line.removeLast() }
      return line
    }
  }

  package var text: String { lines.joined(separator: "\n") }

  /// One row as runs of equal style, for tests of colours and for pictures.
  package func runs(ofRow row: Int) -> [Run] {
    var runs: [Run] = []
    for column in 0..<size.columns {
      let cell = self[column, row]
      if let last = runs.last, last.style == cell.style {
        runs[runs.count - 1].text += cell.text
      } else {
        runs.append(Run(cell.text, cell.style))
      }
    }
    return runs
  }
}
