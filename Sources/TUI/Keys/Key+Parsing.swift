extension Key {
  private static let named: [String: Key] = {
    let special: [Key] = [
      .up, .down, .left, .right, .pageUp, .pageDown, .home, .end, .enter, .escape, .tab, .backTab,
      .backspace, .delete, .character(" "),
    ]
    return Dictionary(
      special.map { ($0.name.lowercased(), $0) }, uniquingKeysWith: { first, _ in first })
  }()

  /// A key as help and hints call it: `r`, `R`, `Ctrl-u`, `PgUp`, `F5`, `Space`. Names of more than
  /// one character may be written in any case.
  init?(name: String) {
    if name.count == 1, let character = name.first {
      self = .character(character)
      return
    }
    let lower = name.lowercased()
    if let key = Self.named[lower] {
      self = key
    } else if lower.hasPrefix("ctrl-"), lower.count == 6, let letter = lower.last,
      letter.isASCII, letter.isLetter
    {
      self = .control(letter)
    } else if lower.hasPrefix("f"), let number = Int(lower.dropFirst()), (1...12).contains(number) {
      self = .function(number)
    } else {
      return nil
    }
  }
}
