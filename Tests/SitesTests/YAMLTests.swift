import JSONValue
import Testing

@testable import Sites

@Suite struct YAMLTests {
  static let documents: [(String, JSON)] = [
    ("", .null),
    ("# only a comment\n", .null),
    ("a", "a"),
    ("a: 1\nb: [x, 'y', \"z\\n\"]\nc:\n", ["a": 1, "b": ["x", "y", "z\n"], "c": .null]),
    ("a: '1'\nb: |\n  one\n  two\n", ["a": "1", "b": "one\ntwo\n"]),
    ("a: &x {b: 1}\nc: *x\n", ["a": ["b": 1], "c": ["b": 1]]),
    ("a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}\n", ["a": ["b": 1, "c": 2], "d": ["b": 1, "c": 3]]),
    ("a: {<<: [{b: 1}, {b: 2, c: 3}]}", ["a": ["b": 1, "c": 3]]),
    ("ł: żółw", ["ł": "żółw"]),
    ("--- {a: 1}\n...\n", ["a": 1]),
  ]

  @Test(arguments: documents)
  func `documents are read as JSON`(text: String, json: JSON) throws {
    #expect(try YAMLReader.json(text) == json)
  }

  static let mistakes: [(String, Int, String)] = [
    ("kind: [Job", 2, "did not find expected"),
    ("a: 1\nb: 2\na: 3\n", 3, "the same key twice: a"),
    ("a: *x\n", 1, "undefined alias"),
    ("a: 1\n---\nb: 2\n", 3, "a second document"),
    ("a: &x [1, *x]\n", 1, "an alias inside of its own anchor"),
    ("a: \"\\q\"\n", 1, "unknown escape"),
    ("a: 1\n\tb: 2\n", 2, "found"),
  ]

  @Test(arguments: mistakes)
  func `mistakes have their line`(text: String, line: Int, words: String) {
    #expect {
      try YAMLReader.json(text)
    } throws: { error in
      guard let mistake = error as? YAMLReader.Mistake else { return false }
      return mistake.line == line && mistake.text.contains(words)
    }
  }

  @Test func `aliases that repeat each other do not fill the memory`() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...9 {
      let alias = "*a\(level - 1)"
      text +=
        "a\(level): &a\(level) [\(Array(repeating: alias, count: 10).joined(separator: ", "))]\n"
    }
    #expect(throws: YAMLReader.Mistake.self) { try YAMLReader.json(text) }
  }

  @Test(arguments: [(3000, 3000), (100_000, 0)])
  func `deep nesting is refused before the document is read`(opened: Int, closed: Int) {
    let text = String(repeating: "[", count: opened) + String(repeating: "]", count: closed)
    #expect(throws: YAMLReader.Mistake(line: 1, text: "more than 1000 levels")) {
      try YAMLReader.json(text)
    }
  }
}
