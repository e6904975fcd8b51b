/// The focused pane as rows of text, from the view that draws it.
struct PlainPane {
  /// Its content from top to bottom, without empty rows.
  let rows: [String]
  /// The selected row, if any.
  let cursor: String?

  init(_ model: Model) {
    let inner = (model.layout.panes[model.focus] ?? model.layout.body).inset()
    let screen = model.draw()
    let hasGlyphs = !(model.focus.content?.streams ?? false)
    var rows: [String] = []
    var cursor: String?
    for row in inner.row..<inner.endRow {
      var text = ""
      for column in inner.column..<inner.endColumn { text += screen[column, row].text }
      let result = PlainText.row(text, hasGlyphs: hasGlyphs)
      if Self.isCursor(screen, row, inner) { cursor = result }
      if !result.isEmpty { rows.append(result) }
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

/// Text for screen readers: no lines, bars, pictures or columns.
enum PlainText {
  private static let words: [Unicode.Scalar: String] = Dictionary(
    TaskAppearance.allCases.compactMap { appearance in
      appearance.glyph.unicodeScalars.first.map { ($0, appearance.word) }
    }, uniquingKeysWith: { first, _ in first })

  /// A row of a screen without decoration; empty if nothing else is there. State glyphs become
  /// words, unless the row is job output.
  static func row(_ text: String, hasGlyphs: Bool = true) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      if hasGlyphs, let word = words[scalar] {
        result += " \(word) "
      } else {
        result.unicodeScalars.append(isPicture(scalar) ? " " : scalar)
      }
    }
    return words(of: result, hasGlyphs).joined(separator: " ")
  }

  /// A glyph before its own word is not repeated.
  private static func words(of text: String, _ hasGlyphs: Bool) -> [Substring] {
    var words: [Substring] = []
    for word in text.split(separator: " ") where !(hasGlyphs && words.last == word) {
      words.append(word)
    }
    return words
  }

  /// Lines, blocks and shapes; dots and dashes between words stay.
  private static func isPicture(_ scalar: Unicode.Scalar) -> Bool {
    (0x2500...0x25FF).contains(scalar.value) || scalar.value == 0xFFFD
  }
}
