/// The focused pane as rows of text, from the same view that draws it.
struct PlainPane {
  /// What is in it, from top to bottom, without empty rows.
  let rows: [String]
  /// The row that keys act on, where there is one.
  let cursor: String?

  init(_ model: Model) {
    let inner = (model.layout.panes[model.focus] ?? model.layout.body).inset()
    let screen = model.draw()
    let hasSigns = !(model.focus.content?.streams ?? false)
    var rows: [String] = []
    var cursor: String?
    for row in inner.row..<inner.endRow {
      var text = ""
      for column in inner.column..<inner.endColumn { text += screen[column, row].text }
      let spoken = SpokenText.row(text, hasSigns: hasSigns)
      if Self.isCursor(screen, row, inner) { cursor = spoken }
      if !spoken.isEmpty { rows.append(spoken) }
    }
    self.rows = rows
    self.cursor = cursor
  }

  /// Without colours the whole row is reversed.
  private static func isCursor(_ screen: CellBuffer, _ row: Int, _ inner: Rectangle) -> Bool {
    guard !inner.isEmpty else { return false }
    return [inner.column, inner.endColumn - 1].allSatisfy {
      screen[$0, row].style.attributes.contains(.reverse)
    }
  }

  /// The rows that came after those that were there: the view may have scrolled.
  static func added(_ rows: [String], after old: [String]) -> [String] {
    for start in old.indices where rows.starts(with: old[start...]) {
      return Array(rows.dropFirst(old.count - start))
    }
    // Scrolled back, or something else altogether.
    let known = Set(old)
    let fresh = rows.filter { !known.contains($0) }
    return fresh
  }
}
