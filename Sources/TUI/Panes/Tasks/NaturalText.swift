/// Text that sorts numbers by value: `tile2` before `tile10`.
struct NaturalText: Comparable {
  private enum Part: Equatable {
    case text(String)
    case number(String)
  }

  private let parts: [Part]

  init(_ text: String) {
    var parts: [Part] = []
    for character in text {
      let isDigit = character.isASCII && character.isNumber
      switch (parts.last, isDigit) {
      case (.number(let digits), true): parts[parts.count - 1] = .number(digits + String(character))
      case (.text(let letters), false): parts[parts.count - 1] = .text(letters + String(character))
      default: parts.append(isDigit ? .number(String(character)) : .text(String(character)))
      }
    }
    self.parts = parts
  }

  static func < (left: Self, right: Self) -> Bool {
    for (one, other) in zip(left.parts, right.parts) where one != other {
      switch (one, other) {
      case (.number(let one), .number(let other)):
        let (short, long) = (trimmed(one), trimmed(other))
        if short == long { return one.count < other.count }
        return (short.count, short) < (long.count, long)
      case (.text(let one), .text(let other)): return one < other
      case (.number, .text): return true
      case (.text, .number): return false
      }
    }
    return left.parts.count < right.parts.count
  }

  private static func trimmed(_ digits: String) -> String {
    String(digits.drop { $0 == "0" })
  }
}
