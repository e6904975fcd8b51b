/// The focused pane as rows of text, from the view that draws it.
struct PlainPane {
  /// Its content from top to bottom, without empty rows.
  let rows: [String]
  /// The selected row, if any.
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
      let spoken = PlainText.row(text, hasSigns: hasSigns)
      if Self.isCursor(screen, row, inner) { cursor = spoken }
      if !spoken.isEmpty { rows.append(spoken) }
    }
    self.rows = rows
    self.cursor = cursor
  }

  /// Without colours, the whole row is reversed.
  private static func isCursor(_ screen: CellBuffer, _ row: Int, _ inner: Rectangle) -> Bool {
    guard !inner.isEmpty else { return false }
    return [inner.column, inner.endColumn - 1].allSatisfy {
      screen[$0, row].style.attributes.contains(.reverse)
    }
  }

  /// The new rows; the view may have scrolled.
  static func added(_ rows: [String], after old: [String]) -> [String] {
    for start in old.indices where rows.starts(with: old[start...]) {
      return Array(rows.dropFirst(old.count - start))
    }
    // Scrolled back, or different content.
    let known = Set(old)
    let fresh = rows.filter { !known.contains($0) }
    return fresh
  }
}
