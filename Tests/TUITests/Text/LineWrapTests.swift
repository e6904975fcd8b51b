import Testing

@testable import TUI

struct LineWrapTests {
  private static let hard = [
    "plain words in a row", "日本語のログ", "a日b本c語", "e\u{301}e\u{301}e\u{301}e\u{301}",
    "👨\u{200D}👩\u{200D}👧 family", "한국어 텍스트", "\u{5E9}\u{5DC}\u{5D5}\u{5DD} עולם", "🚀🚀🚀", "",
    "x", "tab\tless", "ก\u{E34}ก\u{E34}ก\u{E34}",
  ]

  @Test(arguments: hard, [1, 2, 3, 5, 8, 40])
  func `pieces fit and together are the whole line`(text: String, columns: Int) {
    var line = Line(text)
    line.append(text, Style(.bold))
    let pieces = line.wrapped(to: columns)
    #expect(pieces.map(\.text).joined() == line.text)
    // A wide character does not fit into one column, but is shown all the same.
    #expect(pieces.allSatisfy { $0.width <= max(columns, 2) })
    #expect(pieces.dropLast().allSatisfy { $0.width >= columns - 1 || columns == 1 })
  }

  @Test(arguments: hard, [5, 8, 40])
  func `pieces between words fit, and no word is lost`(text: String, columns: Int) {
    var line = Line(text)
    line.append(" " + text, Style(.bold))
    let pieces = line.wrapped(to: columns, margin: 2)
    #expect(pieces.allSatisfy { $0.width <= columns })
    func bare(_ text: String) -> String { text.filter { $0 != " " } }
    #expect(bare(pieces.map(\.text).joined()) == bare(line.text))
  }

  @Test func `a line is wrapped between words, with a margin`() {
    let line = Line("  r   retry the task at once")
    let pieces = line.wrapped(to: 16, margin: 6)
    #expect(pieces.map(\.text) == ["  r   retry the", "      task at", "      once"])
    #expect(line.wrapped(to: 40, margin: 6).map(\.text) == ["  r   retry the task at once"])
  }

  @Test func `a mark stays with its character`() {
    let pieces = Line("ae\u{301}b").wrapped(to: 2)
    #expect(pieces.map(\.text) == ["ae\u{301}", "b"])
  }

  @Test(arguments: [
    ("hello", 2, "llo"), ("日本", 1, " 本"), ("日本", 2, "本"), ("abc", 9, ""), ("e\u{301}x", 1, "x"),
    ("abc", 0, "abc"),
  ])
  func `dropping columns removes the left part`(text: String, columns: Int, rest: String) {
    #expect(Line(text).dropping(columns: columns).text == rest)
  }

  @Test func `only the given ranges are restyled`() {
    var line = Line("ab", Style(.bold))
    line.append("日cd")
    let changed = line.restyled([1..<5, 6..<7]) { $0.attributes.insert(.underline) }
    #expect(
      changed.runs == [
        Run("a", Style(.bold)), Run("b", Style([.bold, .underline])), Run("日", Style(.underline)),
        Run("c"), Run("d", Style(.underline)),
      ])
    #expect(changed.text == line.text)
  }
}
