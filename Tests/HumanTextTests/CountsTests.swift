import HumanText
import Testing

struct CountsTests {
  @Test func `nouns are singular for one and plural for other numbers`() {
    #expect([0, 1, 2].map { Formats.counted($0, "task") } == ["0 tasks", "1 task", "2 tasks"])
    #expect(
      [1, 2].map { Formats.counted($0, "process", "processes") } == ["1 process", "2 processes"])
    #expect(Formats.counted(1415, "line", grouped: true) == "1,415 lines")
  }
}
