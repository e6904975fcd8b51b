import JobProtocol

/// The last output line of a failed task, without the parts that differ between tasks.
///
/// | in the line | replaced by |
/// |---|---|
/// | a number, with sign, decimals, exponent; times, dates, versions | `#` |
/// | `0x7ffe12`, eight or more hexadecimal digits, a UUID | `#` |
/// | a path: a word with `/` | `…` |
///
/// Escape sequences and control characters are removed; of a line with carriage returns, the
/// last state counts. Two lines with the same signature are almost always the same error.
public struct ErrorSignature: Sendable, Hashable, CustomStringConvertible {
  public let text: String

  /// Longer lines are cut: the error is at the beginning.
  private static let longest = 240

  public init(_ line: String) {
    var mask = SignatureMask(PlainLine.scalars(of: line).prefix(Self.longest))
    text = mask.run()
  }

  public var isEmpty: Bool { text.isEmpty }
  public var description: String { text }
}

extension TaskRecord {
  /// The signature of the last attempt's error; `nil` if that attempt has not failed. It is made
  /// from the detail of the cause, else from the last output line, else it is empty.
  public var errorSignature: ErrorSignature? {
    guard let cause else { return nil }
    return ErrorSignature(cause.detail ?? lastLine ?? "")
  }
}

/// An output line in its final state.
enum PlainLine {
  static func scalars(of line: String) -> [Unicode.Scalar] {
    var shown: [Unicode.Scalar] = []
    var before: [Unicode.Scalar] = []
    var escape = Escape.none
    for scalar in line.unicodeScalars {
      if escape.consumes(scalar) { continue }
      switch scalar.value {
      case 0x0D:
        if !shown.isEmpty { before = shown }
        shown = []
      case 0x09: shown.append(" ")
      case 0..<0x20, 0x7F..<0xA0: break
      default: shown.append(scalar)
      }
    }
    return trimmed(shown.isEmpty ? before : shown)
  }

  private static func trimmed(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
    let start = scalars.firstIndex { !$0.properties.isWhitespace } ?? scalars.endIndex
    let end = scalars.lastIndex { !$0.properties.isWhitespace }.map { $0 + 1 } ?? start
    return Array(scalars[start..<end])
  }

  /// The position within an escape sequence.
  private enum Escape {
    case none, begun, control, string

    /// Whether the scalar belongs to a sequence.
    mutating func consumes(_ scalar: Unicode.Scalar) -> Bool {
      switch (self, scalar.value) {
      case (_, 0x1B): self = .begun
      case (.none, _): return false
      case (.begun, 0x5B): self = .control
      case (.begun, 0x5D), (.begun, 0x50), (.begun, 0x58), (.begun, 0x5E), (.begun, 0x5F):
        self = .string
      case (.begun, 0x20...0x2F): break
      case (.begun, _), (.control, 0x40...0x7E), (.string, 0x07): self = .none
      case (.control, _), (.string, _): break
      }
      return true
    }
  }
}

/// Replaces the variable parts, word by word.
private struct SignatureMask {
  private let scalars: [Unicode.Scalar]
  private var place = 0
  private var masked = String.UnicodeScalarView()

  init(_ scalars: ArraySlice<Unicode.Scalar>) { self.scalars = Array(scalars) }

  mutating func run() -> String {
    while place < scalars.count {
      let end = scalars[place...].firstIndex(where: Self.endsWord) ?? scalars.count
      if end == place {
        appendSeparator()
      } else if let pathEnd = path(place..<end) {
        masked.append("…")
        place = pathEnd
      } else {
        maskNumbers(to: end)
      }
    }
    return String(masked)
  }

  /// Joins consecutive spaces.
  private mutating func appendSeparator() {
    let scalar = scalars[place]
    place += 1
    if scalar.properties.isWhitespace {
      if masked.last != " " { masked.append(" ") }
    } else {
      masked.append(scalar)
    }
  }

  /// Characters that may surround a path.
  private static func endsWord(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isWhitespace || "\"'`()[]{}<>,;=|".unicodeScalars.contains(scalar)
  }

  /// The end of a path that begins here. A word with one slash may be `and/or`, so it must
  /// look like a path: begin as one, or have a second slash, a dot or a digit.
  private func path(_ word: Range<Int>) -> Int? {
    var end = word.upperBound
    while end > word.lowerBound, scalars[end - 1] == ":" || scalars[end - 1] == "." { end -= 1 }
    let text = scalars[word.lowerBound..<end]
    guard let slash = text.firstIndex(of: "/"), text.count > 1 else { return nil }
    if text.allSatisfy({ Self.isDigit($0) || $0 == "/" }) { return nil }
    let beginsAsOne = slash == text.startIndex || text.first == "~" || text.first == "."
    let looksLikeOne = text[(slash + 1)...].contains { $0 == "/" || $0 == "." || Self.isDigit($0) }
    return beginsAsOne || looksLikeOne ? end : nil
  }

  // MARK: Numbers

  private mutating func maskNumbers(to end: Int) {
    while place < end {
      if let length = number(in: place..<end) {
        if let last = masked.last, last == "-" || last == "+", signStandsAlone {
          masked.removeLast()
        }
        masked.append("#")
        place += length
      } else {
        masked.append(scalars[place])
        place += 1
      }
    }
  }

  /// Whether a sign was just written after a separator, so that it begins a number.
  private var signStandsAlone: Bool {
    guard place >= 2 else { return true }
    return Self.endsWord(scalars[place - 2]) || scalars[place - 2] == ":"
  }

  /// The length of a number that begins here; `nil` if none does.
  private func number(in word: Range<Int>) -> Int? {
    hexadecimal(word) ?? decimal(word)
  }

  private func hexadecimal(_ word: Range<Int>) -> Int? {
    let start = word.lowerBound
    let isPrefixed =
      word.count > 2 && scalars[start] == "0" && scalars[start + 1].value | 0x20 == 0x78
      && Self.isHex(scalars[start + 2])
    if isPrefixed { return 2 + count(Self.isHex, from: start + 2, to: word.upperBound) }
    // Not within a word: `deadbeef` yes, `succeeded` no.
    if start > 0, Self.isWordPart(scalars[start - 1]) { return nil }
    let length = count({ Self.isHex($0) || $0 == "-" }, from: start, to: word.upperBound)
    let digits = scalars[start..<start + length]
    let next = start + length < scalars.count ? scalars[start + length] : " "
    guard length >= 8, !Self.isWordPart(next), digits.contains(where: Self.isDigit),
      digits.contains(where: { !Self.isDigit($0) && $0 != "-" })
    else { return nil }
    return length
  }

  /// Digits with separators that join them: `1.5e-3`, `12:03:11`, `2024-05-01`, `1/3`.
  private func decimal(_ word: Range<Int>) -> Int? {
    var end = word.lowerBound
    guard Self.isDigit(scalars[end]) else { return nil }
    while true {
      end += count(Self.isDigit, from: end, to: word.upperBound)
      guard let next = digitsAfterJoint(end, word.upperBound) else { break }
      end = next
    }
    return end - word.lowerBound
  }

  /// Where digits continue after a separator.
  private func digitsAfterJoint(_ place: Int, _ end: Int) -> Int? {
    guard place + 1 < end else { return nil }
    if ".:-/".unicodeScalars.contains(scalars[place]), Self.isDigit(scalars[place + 1]) {
      return place + 1
    }
    guard scalars[place].value | 0x20 == 0x65 else { return nil }
    let isSigned = scalars[place + 1] == "-" || scalars[place + 1] == "+"
    let digits = place + (isSigned ? 2 : 1)
    return digits < end && Self.isDigit(scalars[digits]) ? digits : nil
  }

  private func count(_ matches: (Unicode.Scalar) -> Bool, from: Int, to end: Int) -> Int {
    (scalars[from..<end].firstIndex { !matches($0) } ?? end) - from
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool {
    (0x30...0x39).contains(scalar.value)
  }

  private static func isHex(_ scalar: Unicode.Scalar) -> Bool {
    isDigit(scalar) || (0x61...0x66).contains(scalar.value | 0x20)
  }

  private static func isWordPart(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "_" || scalar.properties.isAlphabetic || isDigit(scalar)
  }
}
