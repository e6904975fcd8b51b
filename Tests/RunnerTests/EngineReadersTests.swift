import JobProtocol
import Redis
import Testing

@testable import Runner

/// How the engine converts the entries of its streams to messages.
@Suite struct EngineReadersTests {
  private func entry(_ number: Int, reports count: Int) -> StreamEntry {
    let reports = (0..<count).map {
      JobReport.finished(
        job: "kabcd:1:\(number):\($0 + 1)", outcome: .succeeded, usage: JobUsage(), at: $0)
    }
    return StreamEntry(
      stream: "reports", id: "\(number)-0",
      fields: JobReport.fields(of: reports).map { ($0.0, Array($0.1.utf8)) })
  }

  private func read(_ entries: [StreamEntry]) -> [(count: Int, last: String)] {
    EngineReaders.reports(entries).map {
      guard case .reports(let reports, let last) = $0 else { return (0, "?") }
      return (reports.count, last)
    }
  }

  @Test func `entries with many reports are handled in several turns`() {
    let messages = read((1...30).map { entry($0, reports: 100) })
    #expect(messages.map(\.count) == Array(repeating: 500, count: 6))
    #expect(messages.map(\.last) == ["5-0", "10-0", "15-0", "20-0", "25-0", "30-0"])
  }

  @Test func `entries with one report are handled together`() {
    let messages = read((1...300).map { entry($0, reports: 1) })
    #expect(messages.map(\.count) == [300] && messages.map(\.last) == ["300-0"])
  }

  @Test func `entries without a report are trimmed, too`() {
    let messages = read([entry(1, reports: 1), entry(2, reports: 0)])
    #expect(messages.map(\.count) == [1] && messages.map(\.last) == ["2-0"])
    #expect(read([entry(1, reports: 0)]).map(\.last) == ["1-0"])
  }
}
