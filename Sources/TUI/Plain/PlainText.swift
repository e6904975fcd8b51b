/// Text for reading aloud: no lines, bars, pictures or columns.
enum PlainText {
  private static let words: [Unicode.Scalar: String] = Dictionary(
    TaskAppearance.allCases.compactMap { appearance in
      appearance.glyph.unicodeScalars.first.map { ($0, appearance.word) }
    }, uniquingKeysWith: { first, _ in first })

  /// A row of a screen without decoration; empty if nothing else is there. State signs become
  /// words, unless the row is job output.
  static func row(_ text: String, hasSigns: Bool = true) -> String {
    var spoken = ""
    for scalar in text.unicodeScalars {
      if hasSigns, let word = words[scalar] {
        spoken += " \(word) "
      } else {
        spoken.unicodeScalars.append(isPicture(scalar) ? " " : scalar)
      }
    }
    return words(of: spoken, hasSigns).joined(separator: " ")
  }

  /// A sign before its own word is not repeated.
  private static func words(of text: String, _ hasSigns: Bool) -> [Substring] {
    var words: [Substring] = []
    for word in text.split(separator: " ") where !(hasSigns && words.last == word) {
      words.append(word)
    }
    return words
  }

  /// Lines, blocks and shapes; dots and dashes between words stay.
  private static func isPicture(_ scalar: Unicode.Scalar) -> Bool {
    (0x2500...0x25FF).contains(scalar.value) || scalar.value == 0xFFFD
  }
}
