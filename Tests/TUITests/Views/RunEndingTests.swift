import Engine
import JobProtocol
import Testing

@testable import TUI

struct RunEndingTests {
  /// Two pairs on two slots; one job is retried and then succeeds.
  private func story() throws -> Story {
    var story = try Story(Workflows.pairs(2))
    story.begin(slots: 2)
    let first = try story.startNext()
    story.finish(first, .failed(.exit(1)), after: 1000)
    story.tell(.retry(first.firing, nil, .alone))
    while let next = try? story.startNext() { story.finish(next, after: 2000) }
    return story
  }

  @Test func `it tells the time, the speed, the slowest and what retries helped`() throws {
    let story = try story()
    let ending = try #require(RunEnding(story.state, slots: 2))
    let text = ending.lines(Theme(), columns: 100).map(\.text)
    #expect(text[0] == "time      0:00:09, 1.0 × as fast as one slot, 2 slots busy 50 %")
    #expect(text[1].contains("█ run 9.0 s"))
    #expect(text[2].hasPrefix("slowest   "))
    #expect(text[3].contains("make 4.0 s in 2 tasks"))
    #expect(text[4] == "retries   1 task of 1 retried succeeded: make:1")
  }

  @Test(arguments: 40...70)
  func `what has no room is left out, not cut`(columns: Int) throws {
    let ending = try #require(RunEnding(try story().state, slots: 2))
    let text = ending.lines(Theme(), columns: columns)[0].text
    #expect(text.utf8.count <= columns + 2 && !text.contains("…"), "\(text)")
  }

  @Test func `a run that continues has no ending`() throws {
    var story = try Story(Workflows.pairs(2))
    story.begin()
    #expect(RunEnding(story.state, slots: 2) == nil)
  }

  @Test(arguments: [(80, 24), (120, 36), (200, 55)])
  func `the empty rows of the log show it`(columns: Int, rows: Int) throws {
    let model = try story().model(columns, rows)
    try ExpectedScreen.expect(model.draw(), "ending-\(columns)x\(rows)")
    #expect(model.draw().text.contains("as fast as one slot"))
  }
}
