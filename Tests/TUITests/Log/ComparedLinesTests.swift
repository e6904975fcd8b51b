import Testing

@testable import TUI

struct ComparedLinesTests {
  @Test(arguments: [
    ("12:03:11 reading x", "reading x"), ("[2024-05-01T12:03:11.5Z] reading", "reading"),
    ("2024-05-01 12:03:11,123 INFO done in 3.1s", "INFO done in"),
    ("tile 17 of 40", "tile 17 of 40"),
    ("a/b/c 1:2", "a/b/c 1:2"), ("", ""),
  ])
  func `times and dates do not count`(line: String, withoutTimes: String) {
    #expect(ComparedLines.withoutTimes(of: line) == withoutTimes)
  }
}
