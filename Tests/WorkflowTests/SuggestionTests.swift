import Testing
import Workflow

@Suite struct SuggestionTests {
  @Test(arguments: [
    ("colour", ["color"], "color"), ("filr", ["file"], "file"),
    ("redisComand", ["noop", "redisCommand"], "redisCommand"),
    ("sum", ["sun", "sums"], "sun"), ("abcdef", ["abcxyz", "abcdex", "abcdeff"], "abcdex"),
  ])
  func `the nearest name is suggested, the first of equals`(
    name: String, names: [String], expected: String
  ) {
    #expect(EditDistance.closest(to: name, among: names) == expected)
  }

  @Test(arguments: [
    ("foo", ["bar", "b", "c"]), ("a", ["b", "c"]), ("", ["a"]), ("abc", []), ("abc", ["abcdefg"]),
    (String(repeating: "x", count: 200), [String(repeating: "x", count: 199)]),
  ])
  func `distant names are not suggested`(name: String, names: [String]) {
    #expect(EditDistance.closest(to: name, among: names) == nil)
  }
}
