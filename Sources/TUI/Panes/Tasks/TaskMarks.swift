internal import Engine

/// The tasks that the user has marked. Actions apply to them while there are any.
struct TaskMarks {
  private var rows = RowSet()
  /// The start of the current range; the cursor is its end.
  private(set) var anchor: FiringID?
  /// The marks before the current range.
  private var base = RowSet()

  var count: Int { rows.count }
  var isEmpty: Bool { rows.count == 0 }
  var isDrawing: Bool { anchor != nil }

  func contains(_ row: Int) -> Bool { rows.contains(row) }

  mutating func toggle(_ row: Int) {
    if rows.contains(row) { rows.remove(row) } else { rows.insert(row) }
  }

  /// Marks all of these, or none if all are marked.
  mutating func toggle(_ all: RowSet) {
    var missing = all
    missing.subtract(rows)
    if missing.count > 0 { rows.formUnion(all) } else { rows.subtract(all) }
  }

  mutating func begin(at firing: FiringID) {
    anchor = firing
    base = rows
  }

  /// Sets the current range.
  mutating func draw(_ range: RowSet) {
    rows = base
    rows.formUnion(range)
  }

  mutating func end() {
    anchor = nil
    base = RowSet()
  }

  mutating func clear() { self = TaskMarks() }

  /// The marked tasks among others, in order.
  func rows(among all: RowSet) -> [Int] {
    var both = rows
    both.formIntersection(all)
    var list: [Int] = []
    list.reserveCapacity(both.count)
    both.visit { list.append($0) }
    return list
  }
}
