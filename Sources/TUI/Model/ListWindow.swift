/// The visible part of a long list. It always contains the cursor.
struct ListWindow: Equatable {
  private(set) var cursor = 0
  private(set) var top = 0

  init(top: Int = 0) {
    self.top = top
    cursor = top
  }

  /// Moves the cursor within a list of `count` rows, shown in `height` rows.
  mutating func place(cursor wanted: Int, count: Int, height: Int) {
    cursor = min(max(0, wanted), max(0, count - 1))
    let height = max(1, height)
    if cursor < top { top = cursor }
    if cursor >= top + height { top = cursor - height + 1 }
    top = min(max(0, top), max(0, count - height))
  }

  /// Moves the cursor with its item: the window moves too, so the item stays at its place on
  /// the screen.
  mutating func carry(cursor wanted: Int, count: Int, height: Int) {
    top = max(0, top + wanted - cursor)
    place(cursor: wanted, count: count, height: height)
  }

  mutating func fit(count: Int, height: Int) {
    place(cursor: cursor, count: count, height: height)
  }
}
