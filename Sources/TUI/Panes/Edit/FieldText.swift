/// A line of text being typed, in a field of some width: the part around the cursor shows.
enum FieldText {
  static func line(_ field: TextField, width: Int, isFocused: Bool, theme: Theme) -> Line {
    guard isFocused else {
      return Line(Truncation.end(field.text, width, ellipsis: theme.ellipsis))
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

  /// The cursor stays in view; what is left of it gives way, from its beginning.
  private static func start(_ characters: [Character], _ cursor: Int, width: Int) -> Int {
    var (start, room) = (cursor, width - 3)
    while start > 0 {
      room -= DisplayWidth.of(String(characters[start - 1]))
      if room < 0 { break }
      start -= 1
    }
    // The ellipsis takes a place as well.
    return start > 0 ? min(start + 1, cursor) : 0
  }
}
