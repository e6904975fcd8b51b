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
