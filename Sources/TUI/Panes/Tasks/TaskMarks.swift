internal import Engine

/// The tasks that a person has marked, one by one, in ranges, or all at once. Actions are about
/// them as long as there are any.
struct TaskMarks {
  private var rows = RowSet()
  /// Where the range that is being drawn begins; the cursor is its other end.
  private(set) var anchor: FiringID?
  /// The marks there were before the range.
  private var base = RowSet()

  var count: Int { rows.count }
  var isEmpty: Bool { rows.count == 0 }
  var isDrawing: Bool { anchor != nil }

  func contains(_ row: Int) -> Bool { rows.contains(row) }

  mutating func toggle(_ row: Int) {
    if rows.contains(row) { rows.remove(row) } else { rows.insert(row) }
  }

  /// Marks all of these, or, when they all are marked, none of them.
  mutating func toggle(_ all: RowSet) {
    var missing = all
    missing.subtract(rows)
    if missing.count > 0 { rows.formUnion(all) } else { rows.subtract(all) }
  }

  mutating func begin(at firing: FiringID) {
    anchor = firing
    base = rows
  }

  /// The range is now this.
  mutating func draw(_ range: RowSet) {
    rows = base
    rows.formUnion(range)
  }

  mutating func end() {
    anchor = nil
    base = RowSet()
  }

  mutating func clear() { self = TaskMarks() }

  /// Those among others, in order.
  func rows(among all: RowSet) -> [Int] {
    var both = rows
    both.formIntersection(all)
    var list: [Int] = []
    list.reserveCapacity(both.count)
    both.visit { list.append($0) }
    return list
  }
}
