/// A line of text being typed, in a field of some width: the part around the cursor shows.
enum FieldText {
  static func line(_ field: TextField, width: Int, isFocused: Bool, theme: Theme) -> Line {
    guard isFocused else {
      return Line(Truncation.end(field.text, width, ellipsis: theme.ellipsis))
    }
    let characters = Array(field.text)
    // The cursor stays in view; what is left of it gives way.
    var start = 0
    while start < field.cursor,
      DisplayWidth.of(String(characters[start..<field.cursor])) > width - 2
    { start += 1 }
    var line = Line(String(characters[start..<field.cursor]), theme.strong)
    let under = field.cursor < characters.count ? String(characters[field.cursor]) : "_"
    line.append(under, theme.accent.adding(.underline))
    line.append(String(characters.dropFirst(field.cursor + 1)), theme.strong)
    return line.cut(to: width, ellipsis: theme.ellipsis)
  }
}
