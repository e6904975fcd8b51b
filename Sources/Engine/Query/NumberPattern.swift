/// Numbers in a filter: `3`, `3-7`, `>3`, `>=3`, `<3`, `<=3`.
struct NumberPattern: Sendable, Equatable {
  private let range: ClosedRange<Int>

  /// `nil` for anything else.
  init?(_ text: some StringProtocol) {
    func number(after prefix: String) -> Int? {
      text.hasPrefix(prefix) ? Self.number(text.dropFirst(prefix.count)) : nil
    }
    if let least = number(after: ">=") {
      range = least...Int.max
    } else if let most = number(after: "<=") {
      range = 0...most
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
