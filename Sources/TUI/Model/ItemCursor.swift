/// A cursor in a list that changes: it stays on its item wherever the item moves. If the user
/// has selected the item and it leaves the list, nothing is selected, so keys never act on another
/// item by accident. If it leaves because the user has acted on it, the next item is selected.
struct ItemCursor<Item: Equatable> {
  private(set) var window = ListWindow()
  /// The item under the cursor, or the item that was under it before it left the list.
  private var item: Item?
  private var isInList = false
  private var isPinned = false
  /// Whether the user has acted on the item.
  private(set) var wasActedOn = false

  /// The row of the cursor; `nil` for none.
  var row: Int? { isInList ? window.cursor : nil }
  /// Whether the item has left the list.
  var hasLeftList: Bool { item != nil && !isInList }

  mutating func move(to row: Int, in items: [Item], height: Int) {
    window.place(cursor: row, count: items.count, height: height)
    handle(items)
    isPinned = isInList
    wasActedOn = false
  }

  mutating func move(by rows: Int, in items: [Item], height: Int) {
    // The next item is the one now at the position of the item that left.
    let start = hasLeftList && rows > 0 ? window.cursor - 1 : window.cursor
    move(to: start + rows, in: items, height: height)
  }

  mutating func pin() { isPinned = isInList }

  /// The user has acted on the item: once it leaves the list, the next one is selected.
  mutating func markActedOn() { wasActedOn = isInList }

  /// Updates the cursor after a change of the list.
  mutating func refresh(_ items: [Item], height: Int) {
    if let item, let row = items.firstIndex(of: item) {
      window.carry(cursor: row, count: items.count, height: height)
      isInList = true
      return
    }
    window.fit(count: items.count, height: height)
    isInList = false
    if !isPinned || wasActedOn { handle(items) }
    wasActedOn = false
  }

  private mutating func handle(_ items: [Item]) {
    item = items[guarding: window.cursor]
    isInList = item != nil
  }
}

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
