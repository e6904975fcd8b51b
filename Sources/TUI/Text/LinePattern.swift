/// A search pattern for lines.
///
/// Text without special characters is searched as it is. Other text is a regular expression, or
/// plain text if it is not a valid one. Case matters only if the pattern has a capital letter.
struct LinePattern {
  let text: String
  /// Why the text is not a regular expression although it looks like one.
  let problem: String?
  private let finder: ByteFinder
  private let regex: Regex<AnyRegexOutput>?

  private static let specialCharacters = Set<Character>(#"\.[]()*+?{}|^$"#)

  init(_ text: String) {
    let ignoresCase = !Self.hasCapital(text)
    var regex: Regex<AnyRegexOutput>?
    var problem: String?
    if text.contains(where: Self.specialCharacters.contains) {
      do {
        regex = try Regex(text).ignoresCase(ignoresCase).matchingSemantics(.unicodeScalar)
      } catch {
        problem = "not a regular expression; searching for the text"
      }
    }
    self.text = text
    self.problem = problem
    self.regex = regex
    finder = ByteFinder(
      regex == nil ? text : Self.requiredText(of: text), foldsCase: ignoresCase)
  }

  var isRegex: Bool { regex != nil }

  /// Escapes such as `\D` do not count as capitals.
  private static func hasCapital(_ text: String) -> Bool {
    var isEscaped = false
    for character in text {
      if character.isUppercase, !isEscaped { return true }
      isEscaped = character == "\\" && !isEscaped
    }
    return false
  }

  /// A text that every match of a simple regular expression contains; empty if unknown. Lines
  /// without it need no (expensive) matching.
  static func requiredText(of pattern: String) -> String {
    guard !pattern.contains(where: { #"\[](){}|"#.contains($0) }) else { return "" }
    // Beyond ASCII, case folding may change lengths.
    guard pattern.utf8.allSatisfy({ $0 < 0x80 }) else { return "" }
    var parts = [""]
    for character in pattern {
      if "*?".contains(character) {
        parts[parts.count - 1] = String(parts[parts.count - 1].dropLast())
      }
      if specialCharacters.contains(character) {
        parts.append("")
      } else {
        parts[parts.count - 1].append(character)
      }
    }
    return parts.max { $0.count < $1.count } ?? ""
  }

  // MARK: In lines

  /// Whether a stored line matches.
  func isFound(in bytes: UnsafeBufferPointer<UInt8>, _ traits: KeptLine.Traits) -> Bool {
    guard traits.contains(.isStyled) else { return isFound(inPlain: bytes) }
    return StyleTable.plain(bytes).withUnsafeBufferPointer(isFound(inPlain:))
  }

  private func isFound(inPlain bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    guard finder.find(in: bytes) != nil else { return false }
    guard let regex else { return true }
    return (try? regex.firstMatch(in: String(decoding: bytes, as: UTF8.self))) != nil
  }

  /// The matches in a text, as ranges of its UTF-8.
  func ranges(in text: String) -> [Range<Int>] {
    guard let regex else { return plainRanges(in: Array(text.utf8)) }
    return text.matches(of: regex).prefix(200).compactMap { match in
      let start = text.utf8.distance(from: text.startIndex, to: match.range.lowerBound)
      let count = text.utf8.distance(from: match.range.lowerBound, to: match.range.upperBound)
      return count == 0 ? nil : start..<start + count
    }
  }

  private func plainRanges(in bytes: [UInt8]) -> [Range<Int>] {
    guard finder.count > 0 else { return [] }
    return bytes.withUnsafeBufferPointer { bytes in
      var ranges: [Range<Int>] = []
      var place = 0
      while ranges.count < 200, let found = finder.find(in: bytes, from: place) {
        ranges.append(found..<found + finder.count)
        place = found + finder.count
      }
      return ranges
    }
  }
}
