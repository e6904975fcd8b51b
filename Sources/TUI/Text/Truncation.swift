/// Shortens text to a width; an ellipsis marks the cut.
package enum Truncation {
  /// Keeps the beginning: for text.
  package static func end(_ text: String, _ columns: Int, ellipsis: String = "…") -> String {
    guard DisplayWidth.of(text) > columns else { return text }
    guard columns >= DisplayWidth.of(ellipsis) else { return "" }
    return prefix(text, columns - DisplayWidth.of(ellipsis)) + ellipsis
  }

  /// Keeps both ends: for names. The number of a task is never cut, because the rest would
  /// name another task.
  package static func middle(_ text: String, _ columns: Int, ellipsis: String = "…") -> String {
    guard DisplayWidth.of(text) > columns else { return text }
    let available = columns - DisplayWidth.of(ellipsis)
    guard available >= 0 else { return "" }
    guard let number = number(of: text) else {
      return prefix(text, (available + 1) / 2) + ellipsis + suffix(text, available / 2)
    }
    // Its characters are one column each.
    if number.count > columns { return end(text, columns, ellipsis: ellipsis) }
    if number.count > available { return number }
    let kept = max(number.count, available / 2)
    return prefix(text, available - kept) + ellipsis + suffix(text, kept)
  }

  /// `:17` of `mAdd:17`, `:3.2` of the second firing of a third, and `:17 #2` of a second attempt.
  package static func number(of text: String) -> String? {
    guard let colon = text.lastIndex(of: ":") else { return nil }
    let number = text[colon...]
    let isNumber =
      number.dropFirst().first?.isASCIIDigit == true
      && number.dropFirst().allSatisfy { $0.isASCIIDigit || ".# ".contains($0) }
    return isNumber ? String(number) : nil
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

extension Character {
  fileprivate var isASCIIDigit: Bool { isASCII && isNumber }
}
