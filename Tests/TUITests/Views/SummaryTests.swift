import Engine
import JobProtocol
import Testing

@testable import TUI

struct SummaryTests {
  @Test func `the summary of a failed run names failures and what to do`() throws {
    var story = try Story(Workflows.chain)
    story.begin()
    let first = try story.startNext()
    story.finish(first, after: 4000)
    let second = try story.startNext()
    story.finish(second, .failed(.exit(3)), after: 1000, saying: "no such\u{1B}[31m star")
    story.tell(.close)
    let lines = Summary.lines(story.state, now: story.time)
    #expect(
      lines == [
        "chain k7f2 failed after 0:00:05: 1 succeeded, 1 failed, 1 never ran",
        "  ✘ second:1  exit 3  no such star",
        "  retry: hflow-tui retry k7f2abcd --failed -C /w",
        "  report: hflow-tui report k7f2abcd -C /w     output: /w/logs-hf",
      ])
  }

  @Test func `the summary of a stopped run says how to resume`() throws {
    var story = try Story(Workflows.chain)
    story.begin()
    let first = try story.startNext()
    story.tell(.stop)
    story.finish(first, .failed(.cancelled), after: 1000)
    story.tell(.close)
    let lines = Summary.lines(story.state, now: story.time)
    #expect(lines.count == 5)
    #expect(lines[0].hasPrefix("chain k7f2 stopped after 0:00:01"))
    #expect(lines[2] == "  resume: hflow-tui resume k7f2abcd -C /w")
    #expect(lines[3] == "  retry: hflow-tui retry k7f2abcd --failed -C /w")
  }

  @Test func `the summary of a succeeded run is one line`() throws {
    var story = try Story(Workflows.chain)
    story.begin()
    for _ in 0..<3 { story.finish(try story.startNext()) }
    #expect(
      Summary.lines(story.state, now: story.time, ascii: true)
        == ["chain k7f2 succeeded after 0:00:01: 3 succeeded"])
  }

  @Test func `tasks without a file that they declare are in summary and detail`() throws {
    var story = try Story(Workflows.chain)
    story.begin()
    let first = try story.startNext()
    var usage = JobUsage()
    usage.missingFiles = "output missing: a.txt"
    story.tell(.finished(first, .succeeded, usage, outputs: nil))
    for _ in 0..<2 { story.finish(try story.startNext()) }
    let lines = Summary.lines(story.state, now: story.time)
    #expect(lines.count == 2)
    #expect(lines[1] == "  ! \(story.state.label(first.firing))  output missing: a.txt")
    let detail = DetailView.lines(story.model(), first.firing).map(\.text)
    #expect(detail.contains { $0.hasPrefix("warning") && $0.contains("output missing: a.txt") })
  }

  @Test func `the summary of a detached run says how to return`() throws {
    var story = try Story(Workflows.chain)
    story.begin()
    try story.startNext()
    #expect(
      Summary.lines(story.state, now: story.time + 2000) == [
        "chain k7f2 is still running after 0:00:02: 0 succeeded, 1 running or queued, 2 waiting",
        "  watch: hflow-tui watch k7f2abcd -C /w",
      ])
    let interrupted = Summary.lines(story.state, now: story.time + 2000, lacksEngine: true)
    #expect(interrupted[0].hasPrefix("chain k7f2 is interrupted after 0:00:02"))
    #expect(interrupted[1] == "  resume: hflow-tui resume k7f2abcd -C /w")
  }

  @Test func `the summary of hundreds of failures fits a screen`() throws {
    var story = try Story(Workflows.mosaic(300))
    story.begin()
    for _ in 0..<300 { story.finish(try story.startNext(), .failed(.signal(9))) }
    let lines = Summary.lines(story.state, now: story.time, columns: 60, limit: 10)
    #expect(lines.count == 9)
    #expect(lines[6] == "  and 295 more")
    #expect(lines[1...5].allSatisfy { DisplayWidth.of($0) <= 60 })
  }
}
