/// A text field of limited width: shows the part around the cursor.
enum FieldText {
  static func line(_ field: TextField, width: Int, isFocused: Bool, theme: Theme) -> Line {
    guard isFocused else {
      return Line(Truncation.end(field.text, width, ellipsis: theme.ellipsis))
    }
    if field.isSelected {
      return Line(
        Truncation.end(field.text, width, ellipsis: theme.ellipsis), Style(.reverse))
    }
    let characters = Array(field.text)
    let start = start(characters, field.cursor, width: width)
    var line = Line(start > 0 ? theme.ellipsis : "", theme.dim)
    line.append(String(characters[start..<field.cursor]), theme.strong)
    let under = field.cursor < characters.count ? String(characters[field.cursor]) : "_"
    line.append(under, theme.accent.adding(.underline))
    line.append(String(characters.dropFirst(field.cursor + 1)), theme.strong)
    return line.cut(to: width, ellipsis: theme.ellipsis)
  }

  /// In several rows: shows those around the cursor, with ellipses.
  static func lines(
    _ field: TextField, width: Int, rows: Int, isFocused: Bool, theme: Theme
  ) -> [Line] {
    var whole = Line(field.text)
    if isFocused {
      let characters = Array(field.text)
      whole = Line(String(characters[..<field.cursor]), theme.strong)
      let under = field.cursor < characters.count ? String(characters[field.cursor]) : "_"
      whole.append(under, theme.accent.adding(.underline))
      whole.append(String(characters.dropFirst(field.cursor + 1)), theme.strong)
    }
    guard rows > 1, whole.width > width else {
      return [line(field, width: width, isFocused: isFocused, theme: theme)]
    }
    // One column at each end is for the ellipses.
    let pieces = whole.wrapped(to: width - 2 * DisplayWidth.of(theme.ellipsis))
    let here = isFocused ? cursorRow(pieces) : 0
    let top = max(0, min(here - rows / 2, pieces.count - rows))
    let shown = pieces[top..<min(pieces.count, top + rows)]
    return shown.enumerated().map { index, piece in
      var line = Line(index == 0 && top > 0 ? theme.ellipsis : "", theme.dim)
      line.append(piece)
      if index == shown.count - 1, shown.endIndex < pieces.count {
        line.append(theme.ellipsis, theme.dim)
      }
      return line
    }
  }

  /// The row with the cursor.
  static func cursorRow(_ lines: [Line]) -> Int {
    lines.firstIndex { line in
      line.runs.contains { $0.style.attributes.contains(.underline) }
    } ?? 0
  }

  /// Keeps the cursor visible; text before it is cut.
  private static func start(_ characters: [Character], _ cursor: Int, width: Int) -> Int {
    var (start, available) = (cursor, width - 3)
    while start > 0 {
      available -= DisplayWidth.of(String(characters[start - 1]))
      if available < 0 { break }
      start -= 1
    }
    // The ellipsis takes a column too.
    return start > 0 ? min(start + 1, cursor) : 0
  }
}
