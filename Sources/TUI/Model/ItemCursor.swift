/// A cursor in a list that changes by itself: it stays on its item, wherever that goes. When the
/// item leaves a list in which a person has chosen or acted, the cursor is on nothing: keys never
/// mean the item that came in its place.
struct ItemCursor<Item: Equatable> {
  private(set) var window = ListWindow()
  /// The item that the cursor is on, or was on while it was in the list.
  private var item: Item?
  private var isThere = false
  private var isPinned = false

  /// The row of the cursor; `nil` for none.
  var row: Int? { isThere ? window.cursor : nil }
  /// Its item has left the list.
  var isAdrift: Bool { item != nil && !isThere }

  mutating func move(to row: Int, in items: [Item], height: Int) {
    window.place(cursor: row, count: items.count, height: height)
    take(items)
    isPinned = isThere
  }

  mutating func move(by rows: Int, in items: [Item], height: Int) {
    // From where the item was, the next one is the one that came in its place.
    let start = isAdrift && rows > 0 ? window.cursor - 1 : window.cursor
    move(to: start + rows, in: items, height: height)
  }

  mutating func pin() { isPinned = isThere }

  /// Brings it in line with the list.
  mutating func settle(_ items: [Item], height: Int) {
    if let item, let row = items.firstIndex(of: item) {
      window.carry(cursor: row, count: items.count, height: height)
      isThere = true
      return
    }
    window.fit(count: items.count, height: height)
    isThere = false
    if !isPinned { take(items) }
  }

  private mutating func take(_ items: [Item]) {
    item = items[guarding: window.cursor]
    isThere = item != nil
  }
}
