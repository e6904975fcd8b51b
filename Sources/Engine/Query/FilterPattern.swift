/// Case-insensitive text. ASCII letters are folded while comparing, so a search through a
/// hundred thousand names makes no copies; others use `lowercased`.
enum FoldedText {
  static func bytes(_ text: String) -> [UInt8] {
    let utf8 = Array(text.utf8)
    return utf8.allSatisfy { $0 < 0x80 } ? utf8.map(fold) : Array(text.lowercased().utf8)
  }

  /// Whether a text contains the folded bytes.
  static func contains(_ needle: [UInt8], in text: String) -> Bool {
    with(text) { place(of: needle, in: $0, from: 0) != nil }
  }

  /// Gives the folded bytes of a text.
  static func with<Result>(
    _ text: String, _ body: (UnsafeBufferPointer<UInt8>) -> Result
  ) -> Result {
    var copy = text
    return copy.withUTF8 { bytes in
      if bytes.allSatisfy({ $0 < 0x80 && !isUpper($0) }) { return body(bytes) }
      return Self.bytes(text).withUnsafeBufferPointer(body)
    }
  }

  /// The first match at or after a position.
  static func place(
    of needle: some RandomAccessCollection<UInt8>, in text: UnsafeBufferPointer<UInt8>, from: Int
  ) -> Int? {
    guard let first = needle.first else { return from }
    var place = from
    while place + needle.count <= text.count {
      if text[place] == first, text[place..<place + needle.count].elementsEqual(needle) {
        return place
      }
      place += 1
    }
    return nil
  }

  private static func isUpper(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
  }

  private static func fold(_ byte: UInt8) -> UInt8 { isUpper(byte) ? byte | 0x20 : byte }
}

/// Letters that a text contains in this order: `mdf` matches `mDiffFit`.
struct FuzzyText: Sendable, Equatable {
  /// The folded bytes, one element for each scalar.
  private let units: [[UInt8]]

  init(_ text: String) {
    units = String(decoding: FoldedText.bytes(text), as: UTF8.self).unicodeScalars.map {
      Array(String($0).utf8)
    }
  }

  func matches(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    var place = 0
    for unit in units {
      guard let found = FoldedText.place(of: unit, in: text, from: place) else { return false }
      place = found + unit.count
    }
    return true
  }
}

/// A complete text in which `*` stands for anything.
struct Glob: Sendable, Equatable {
  /// The parts between the stars, folded if case does not matter.
  private let parts: [[UInt8]]
  private let foldsCase: Bool

  init(parts: [String], foldsCase: Bool) {
    self.parts = parts.map { foldsCase ? FoldedText.bytes($0) : Array($0.utf8) }
    self.foldsCase = foldsCase
  }

  func matches(_ text: String) -> Bool {
    if foldsCase { return FoldedText.with(text, matches) }
    var copy = text
    return copy.withUTF8(matches)
  }

  private func matches(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let first = parts.first, let last = parts.last else { return false }
    guard parts.count > 1 else { return text.elementsEqual(first) }
    guard text.count >= first.count + last.count, text.starts(with: first),
      text.suffix(last.count).elementsEqual(last)
    else { return false }
    let inner = UnsafeBufferPointer(rebasing: text[..<(text.count - last.count)])
    var place = first.count
    for part in parts.dropFirst().dropLast() {
      guard let found = FoldedText.place(of: part, in: inner, from: place) else { return false }
      place = found + part.count
    }
    return true
  }
}

/// Numbers in a filter: `3`, `3-7`, `>3`, `>=3`, `<3`, `<=3`.
struct NumberPattern: Sendable, Equatable {
  private let range: ClosedRange<Int>

  /// `nil` for anything else.
  init?(_ text: some StringProtocol) {
    func number(after prefix: String) -> Int? {
      text.hasPrefix(prefix) ? Self.number(text.dropFirst(prefix.count)) : nil
    }
    if let minimum = number(after: ">=") {
      range = minimum...Int.max
    } else if let maximum = number(after: "<=") {
      range = 0...maximum
    } else if let below = number(after: ">"), below < Int.max {
      range = below + 1...Int.max
    } else if let above = number(after: "<"), above > 0 {
      range = 0...above - 1
    } else if let only = number(after: "") {
      range = only...only
    } else {
      let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
      guard ends.count == 2, let first = Self.number(ends[0]), let last = Self.number(ends[1]),
        first <= last
      else { return nil }
      range = first...last
    }
  }

  func matches(_ number: Int) -> Bool { range.contains(number) }

  /// Digits and nothing else.
  private static func number(_ text: some StringProtocol) -> Int? {
    text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
  }
}
