import JobProtocol
import Testing

@testable import TUI

struct TabsTests {
  @Test func `a task's name is shortened in a title, its number is not`() throws {
    let name = "a_rather_long_process_name_align_reads_to_genome"
    var story = try Story(
      Workflows.chain.replacing(#""name":"first""#, with: #""name":"\#(name)""#))
    story.begin()
    story.finish(try story.startNext(), .failed(.exit(1)))
    let model = story.model(80, 24)
    let title = TabsView.title(model, of: .log, columns: 36).text
    #expect(title == "3 Log · a_rather_long_…s_to_genome:1")
    #expect(TabsView.title(model, of: .log, columns: 9).text == "3 Log")
  }
}
