/// Shortening to a width in columns; whatever is cut is marked with an ellipsis.
package enum Truncation {
  /// Keeps the beginning: for running text.
  package static func end(_ text: String, _ columns: Int, ellipsis: String = "…") -> String {
    guard DisplayWidth.of(text) > columns else { return text }
    guard columns >= DisplayWidth.of(ellipsis) else { return "" }
    return prefix(text, columns - DisplayWidth.of(ellipsis)) + ellipsis
  }

  /// Keeps both ends: for names, whose ends tell them apart.
  package static func middle(_ text: String, _ columns: Int, ellipsis: String = "…") -> String {
    guard DisplayWidth.of(text) > columns else { return text }
    let room = columns - DisplayWidth.of(ellipsis)
    guard room >= 0 else { return "" }
    return prefix(text, (room + 1) / 2) + ellipsis + suffix(text, room / 2)
  }

  private static func prefix(_ text: String, _ columns: Int) -> String {
    var kept = String.UnicodeScalarView()
    var width = 0
    for scalar in text.unicodeScalars {
      width += DisplayWidth.of(DisplayWidth.printable(scalar))
      if width > columns { break }
      kept.append(scalar)
    }
    return String(kept)
  }

  private static func suffix(_ text: String, _ columns: Int) -> String {
    var kept: [Unicode.Scalar] = []
    var width = 0
    for scalar in text.unicodeScalars.reversed() {
      width += DisplayWidth.of(DisplayWidth.printable(scalar))
      if width > columns { break }
      kept.append(scalar)
    }
    return String(String.UnicodeScalarView(kept.reversed()))
  }
}
