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
