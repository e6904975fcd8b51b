import Testing

@testable import CLI

/// Short ids of runs.
struct RunListTests {
  @Test(arguments: [
    ("k7f2abcd", ["k7f2abcd", "x3abcdef"], "k7f2"),
    ("k7f2abcd", ["k7f2abcd", "k7f2xyzw"], "k7f2a"),
    ("k7f2abcd", ["k7f2abcd", "k7f2abce"], "k7f2abcd"),
    ("abc", ["abc"], "abc"), ("k7f2abcd", ["k7f2abcd", "k7f2abcdef"], "k7f2abcd"),
  ])
  func `a short id is the shortest unambiguous prefix`(id: String, all: [String], short: String) {
    #expect(RunList.shortest(id, among: all) == short)
  }
}
