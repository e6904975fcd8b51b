import Testing

@testable import TUI

struct LinePatternTests {
  private func finds(_ pattern: String, in text: String) -> Bool {
    Array(text.utf8).withUnsafeBufferPointer { LinePattern(pattern).isFound(in: $0, []) }
  }

  @Test(arguments: [
    ("error", "An ERROR here", true), ("Error", "An ERROR here", false), ("error", "err", false),
    ("Error", "An Error here", true), ("17", "image 17", true), ("tile", "mosaic", false),
    ("日本", "ここは日本です", true), ("日本", "ここは中国です", false), ("é", "café", true),
    ("a", "", false),
  ])
  func `plain text is searched literally`(pattern: String, text: String, isFound: Bool) {
    #expect(!LinePattern(pattern).isRegex)
    #expect(finds(pattern, in: text) == isFound)
  }

  @Test(arguments: [
    ("^begin", "begin here", true), ("^begin", "at begin", false), ("end$", "the end", true),
    ("no.over", "NO OVERLAP", true), ("No.over", "no overlap", false), ("a+b", "caaab", true),
    ("colou?r", "color", true), ("x*y", "y", true), (#"\d{3}"#, "image 017", true),
    (#"\d{3}"#, "image 17", false), ("(oom|killed)", "Killed", true), ("[A-Z]{2}", "no", false),
    (#"\bat\b"#, "look at it", true), (#"\Dx"#, "1x", false),
    (#"p2mass-0.7\.fits"#, "p2mass-017.fits", true),
  ])
  func `special characters make a regular expression`(pattern: String, text: String, isFound: Bool)
  {
    #expect(LinePattern(pattern).isRegex)
    #expect(finds(pattern, in: text) == isFound)
  }

  @Test(arguments: ["f(x", "a[", "*", "a**", "[z-a]", "(?<n"])
  func `an invalid expression is searched literally, with a note`(pattern: String) {
    let found = LinePattern(pattern)
    #expect(!found.isRegex && found.problem != nil)
    #expect(finds(pattern, in: "here is \(pattern) in it"))
    #expect(!finds(pattern, in: "here is none"))
  }

  @Test(arguments: [
    ("tile.*fits", "tile"), ("p2mass-017.fits", "p2mass-017"), ("ab?c", "a"), ("x+yz", "yz"),
    ("a*", ""), ("one|other", ""), ("(a)", ""), (#"\w"#, ""), ("^start of", "start of"),
    ("日本.", ""),
  ])
  func `the certain part of each expression is known`(pattern: String, part: String) {
    #expect(LinePattern.requiredText(of: pattern) == part)
  }

  @Test func `the fast check never misses a match`() throws {
    var random = Seeded(seed: 5)
    let letters = Array("ab.*+?^$")
    for _ in 0..<3000 {
      let text = String((0..<5).map { _ in letters[Int(random.next() % 8)] })
      guard let regex = try? Regex(text).ignoresCase() else { continue }
      let line = String((0..<8).map { _ in random.next() % 2 == 0 ? "a" : "b" })
      let pattern = LinePattern(text)
      guard pattern.isRegex else { continue }
      #expect(finds(text, in: line) == (line.firstMatch(of: regex) != nil), "\(text) in \(line)")
    }
  }

  @Test func `the byte search agrees with a slow search`() {
    var random = Seeded(seed: 9)
    for _ in 0..<5000 {
      let needle = String(
        (0..<1 + random.next() % 4).map { _ in random.next() % 2 == 0 ? "a" : "B" })
      let text = (0..<random.next() % 20).map { _ in
        ["a", "b", "A", "B"][Int(random.next() % 4)]
      }.joined()
      for folds in [false, true] {
        let finder = ByteFinder(needle, foldsCase: folds)
        let found = Array(text.utf8).withUnsafeBufferPointer { finder.find(in: $0) }
        #expect(found == slow(needle, text, folds), "\(needle) in \(text), \(folds)")
      }
    }
  }

  private func slow(_ needle: String, _ text: String, _ folds: Bool) -> Int? {
    let (needle, text) = folds ? (needle.lowercased(), text.lowercased()) : (needle, text)
    let places = 0...max(0, text.count - needle.count)
    return places.first { text.dropFirst($0).hasPrefix(needle) }
  }

  @Test(arguments: [
    ("no", "no, no", [0..<2, 4..<6]), ("n.", "no日n", [0..<2]), ("本", "日本", [3..<6]),
    ("x*", "abc", []), ("zz", "zzz", [0..<2]),
  ])
  func `matches are ranges of UTF-8`(pattern: String, text: String, ranges: [Range<Int>]) {
    #expect(LinePattern(pattern).ranges(in: text) == ranges)
  }

  @Test func `colours are not part of the text`() {
    var bytes = Array("ER".utf8)
    StyleTable.appendMark(77, to: &bytes)
    bytes += Array("ROR".utf8)
    bytes.withUnsafeBufferPointer {
      #expect(LinePattern("error").isFound(in: $0, .isStyled))
      #expect(LinePattern("^.r{2}or$").isFound(in: $0, .isStyled))
    }
  }
}
