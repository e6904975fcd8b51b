import Engine
import JobProtocol
import Testing

@testable import TUI

struct TroublesTests {
  @Test func `each state has its own glyph and count, or the worst one is shown`() {
    var counts = TaskCounts()
    counts[.failed] = 1
    counts[.cancelled] = 11
    let theme = Theme(ascii: false, colors: .many)
    #expect(theme.attention(counts).text == " ✘ 1 ⊘ 11")
    #expect(theme.attention(counts, columns: 9).text == " ✘ 1 ⊘ 11")
    #expect(theme.attention(counts, columns: 8).text == " ✘ 1")
    #expect(theme.attention(TaskCounts()).text.isEmpty)
  }

  @Test func `all views count failed and cancelled tasks separately`()
    throws
  {
    var story = try Story(Workflows.pairs(12))
    story.begin(slots: 12)
    let made = try (0..<12).map { _ in try story.startNext() }
    story.finish(made[0], .failed(.exit(1)))
    for attempt in made.dropFirst() { story.finish(attempt, .failed(.cancelled)) }
    var model = story.model(120, 32)
    #expect(!model.draw().text.contains("✘ 12"))
    model.press(.character("1"), .character("f"))
    #expect(!model.draw().text.contains("✘ 12"))
    model.press(.escape, .character("R"))
    #expect(model.status == "retrying 1 failed, 11 cancelled")
    #expect(story.model(59, 5).draw().text.contains("0/24 ✘ 1 ⊘ 11"))
  }
}
