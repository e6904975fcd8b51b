/// Splits a line into words as a shell does: blanks separate, quotes and backslashes protect.
/// Nothing is expanded. A quote without its partner reaches to the end.
enum ShellWords {
  static func split(_ line: String) -> [String] {
    var words: [String] = []
    var word: String?
    var quote: Character?
    var characters = line.makeIterator()
    while let character = characters.next() {
      switch (character, quote) {
      case ("'", "'"), ("\"", "\""):
        quote = nil
      case ("'", nil), ("\"", nil):
        quote = character
        word = word ?? ""
      case ("\\", nil):
        if let next = characters.next() { word = (word ?? "") + String(next) }
      case ("\\", "\""):
        word = (word ?? "") + afterBackslashInQuotes(characters.next())
      case (_, nil) where character.isWhitespace:
        if let word { words.append(word) }
        word = nil
      default:
        word = (word ?? "") + String(character)
      }
    }
    if let word { words.append(word) }
    return words
  }

  /// In double quotes a backslash protects only what is special there.
  private static func afterBackslashInQuotes(_ next: Character?) -> String {
    guard let next else { return "\\" }
    return "\"\\$`".contains(next) ? String(next) : "\\\(next)"
  }
}
